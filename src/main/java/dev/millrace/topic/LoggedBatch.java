package dev.millrace.topic;

import dev.millrace.batch.MiniBatch;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A mini-batch and the record of the log that it is. */
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

    /** Where it is, in words. */
    public String place() {
        return record.place();
    }

    /** SHA-256 of the record's value, in hexadecimal: tells the batch from one of the same step in another log. */
    public String sha256() {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256")
                            .digest(record.value().orElseThrow()));
        } catch (NoSuchAlgorithmException absent) {
            throw new IllegalStateException("every Java platform has SHA-256", absent);
        }
    }
}
