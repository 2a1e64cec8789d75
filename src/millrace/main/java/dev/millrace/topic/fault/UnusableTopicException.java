package dev.millrace.topic.fault;

import java.util.List;

/** Thrown when topics are missing or have another shape than the applications need; names each and what to do. */
public final class UnusableTopicException extends RuntimeException {

    private final List<String> faults;

    public UnusableTopicException(List<String> faults) {
        super(String.join(System.lineSeparator(), faults));
        this.faults = List.copyOf(faults);
    }

    /** One sentence a topic. */
    public List<String> faults() {
        return faults;
    }
}
