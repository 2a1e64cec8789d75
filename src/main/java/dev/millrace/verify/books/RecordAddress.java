package dev.millrace.verify.books;

/** Where a record is. */
record RecordAddress(String topic, int partition, long offset) {

    @Override
    public String toString() {
        return topic + "-" + partition + " offset " + offset;
    }
}
