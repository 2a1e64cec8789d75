package dev.millrace.verify.books;

/**
 * The names in the cluster of the topics of one join, to say where an event is.
 *
 * @param partition of exposures and clicks; the topic of examples has one only
 */
record JoinTopics(String exposures, String clicks, String examples, int partition) {

    RecordAddress addressOf(LoggedExposure exposure) {
        return new RecordAddress(exposures, partition, exposure.offset());
    }

    RecordAddress addressOf(LoggedClick click) {
        return new RecordAddress(clicks, partition, click.offset());
    }

    RecordAddress addressOf(LoggedExample example) {
        return new RecordAddress(examples, 0, example.offset());
    }
}
