package dev.millrace.event;

/** Thrown by the constructor of an event whose content breaks a rule; becomes a {@link Rejected} at the edge. */
public final class UnusableEventException extends IllegalArgumentException implements Rejection {

    private final RejectReason reason;

    /**
     * @param reason names the field that is wrong
     * @param value what it held, printable
     * @param rule what it must be
     */
    public UnusableEventException(RejectReason reason, String value, String rule) {
        this(reason, reason.field(), value, rule);
    }

    /**
     * A value of a file that cannot become part of an event.
     *
     * @param column it stands in
     * @param value what it held, printable
     * @param rule what it must be
     */
    public UnusableEventException(String column, String value, String rule) {
        this(RejectReason.BAD_VALUE, column, value, rule);
    }

    private UnusableEventException(RejectReason reason, String path, String value, String rule) {
        super(path + " = " + value + ": " + rule);
        this.reason = reason;
    }

    @Override
    public Rejected rejected() {
        return new Rejected(reason, String.valueOf(getMessage()));
    }
}
