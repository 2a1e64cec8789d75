package dev.millrace.wire;

/** The names of a dead letter's headers; those that begin with {@code __streams} are the names of Kafka's own handlers. */
public final class DeadLetterHeaders {

    public static final String EXCEPTION = "__streams.errors.exception";
    public static final String MESSAGE = "__streams.errors.message";
    public static final String TOPIC = "__streams.errors.topic";
    public static final String PARTITION = "__streams.errors.partition";
    public static final String OFFSET = "__streams.errors.offset";

    /** The label of the reason. */
    public static final String REASON = "millrace.reject.reason";

    /** Bytes of a record that was too large to go unchanged. */
    public static final String LEFT_OUT = "millrace.left-out.bytes";

    /** The number of a refused step. */
    public static final String STEP = "millrace.step";

    /** The topic that holds the batch of a refused step under its number. */
    public static final String LOG_TOPIC = "millrace.log.topic";

    private DeadLetterHeaders() {}
}
