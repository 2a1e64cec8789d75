package dev.millrace.verify.books;

import dev.millrace.wire.TopicRecord;

/** The place of a record in the cluster. */
record RecordAddress(String topic, int partition, long offset) {

    static RecordAddress of(TopicRecord record) {
        return new RecordAddress(record.topic(), record.partition(), record.offset());
    }

    /** Returns true if a record of the same topic lies behind this one, or in a partition behind this one's. */
    boolean isBefore(RecordAddress other) {
        return partition < other.partition || (partition == other.partition && offset < other.offset);
    }

    @Override
    public String toString() {
        return topic + "-" + partition + " offset " + offset;
    }
}
