package dev.millrace.event;

import java.time.Duration;

/**
 * Thrown by the constructor of an event if a field breaks a rule. Readers of events turn it into a {@link Rejected}.
 */
public final class UnusableEventException extends IllegalArgumentException implements Rejection {

    private final RejectReason reason;

    /**
     * @param reason reason that names the invalid field
     * @param value what it held, printable
     * @param rule what it must be
     */
    public UnusableEventException(RejectReason reason, String value, String rule) {
        this(reason, reason.field(), value, rule);
    }

    /**
     * Rejects a value of a file that cannot become part of an event.
     *
     * @param column name of its column
     * @param value what it held, printable
     * @param rule what it must be
     */
    public UnusableEventException(String column, String value, String rule) {
        this(RejectReason.BAD_VALUE, column, value, rule);
    }

    /**
     * Rejects an event whose time is ahead of the clock by more than is accepted.
     *
     * @param time of the event, printable
     */
    public static UnusableEventException tooFarAhead(String time, Duration maxAhead) {
        return new UnusableEventException(
                RejectReason.BAD_TIME,
                time,
                "must be at most attribution.max-ahead, " + maxAhead + ", after the wall clock");
    }

    /**
     * @param path of the field
     * @param value what it held, printable
     * @param rule what it must be
     */
    UnusableEventException(RejectReason reason, String path, String value, String rule) {
        this(reason, path + " = " + value + ": " + rule);
    }

    private UnusableEventException(RejectReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** The same, with the name of the feature that it is about. */
    public UnusableEventException ofFeature(String name) {
        return new UnusableEventException(reason, "feature " + Require.printable(name) + ", " + getMessage());
    }

    /**
     * The same, with the column of a file that it is about.
     *
     * @param key of the mapping that names the column
     */
    public UnusableEventException ofColumn(String name, String key) {
        return new UnusableEventException(
                reason, "column " + Require.printable(name) + " (" + key + "), " + getMessage());
    }

    @Override
    public Rejected rejected() {
        return new Rejected(reason, String.valueOf(getMessage()));
    }
}
