package dev.millrace.event;

/** Thrown by the constructor of an event whose content breaks a rule; becomes a {@link Rejected} at the edge. */
public final class UnusableEventException extends IllegalArgumentException {

    private final String path;

    /**
     * @param path the field that is wrong
     * @param value what it held, printable
     * @param rule what it must be
     */
    public UnusableEventException(String path, String value, String rule) {
        super(path + " = " + value + ": " + rule);
        this.path = path;
    }

    /** The field that is wrong. */
    public String path() {
        return path;
    }
}
