package dev.millrace.stream.run;

import java.util.List;

/**
 * Thrown when an application cannot go on exactly where it stopped, because records or state of it are gone; names each loss
 * and what can be done.
 */
public final class LostContinuityException extends RuntimeException {

    private final List<String> faults;

    LostContinuityException(List<String> faults) {
        super(String.join(System.lineSeparator(), faults));
        this.faults = List.copyOf(faults);
    }

    /** One sentence a loss. */
    public List<String> faults() {
        return faults;
    }
}
