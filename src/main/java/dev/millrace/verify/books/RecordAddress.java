package dev.millrace.verify.books;

/** The place of a record in the cluster. */
record RecordAddress(String topic, int partition, long offset) {

    @Override
    public String toString() {
        return topic + "-" + partition + " offset " + offset;
    }
}
