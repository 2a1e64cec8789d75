package dev.millrace.topic;

import dev.millrace.batch.MiniBatch;
import dev.millrace.state.Sha256;
import dev.millrace.wire.TopicRecord;

/** A mini-batch and its record in the log. */
public record LoggedBatch(MiniBatch batch, TopicRecord record) {

    public String topic() {
        return record.topic();
    }

    public int partition() {
        return record.partition();
    }

    public long offset() {
        return record.offset();
    }

    /** Its topic, partition and offset, in words. */
    public String place() {
        return record.place();
    }

    /** SHA-256 of the record's value, in hexadecimal: tells the batch from one of the same step in another log. */
    public String sha256() {
        return Sha256.hex(record.value().orElseThrow());
    }
}
