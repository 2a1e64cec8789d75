package dev.millrace.experiment;

import dev.millrace.state.Sha256;
import java.util.Optional;

/**
 * Names a state of an experiment that took effect. Whoever has it must find the state: so nobody can make one up.
 *
 * @param offset of its fact in the topic of generations; of two states the one with the larger offset is the later
 * @param digest SHA-256 of the state's lines, in hexadecimal
 */
public record ExperimentReference(long offset, String digest) {

    public ExperimentReference {
        if (offset < 0) {
            throw new IllegalArgumentException("offset = " + offset + ": must be at least 0");
        }
        if (!digest.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("digest: must be 64 hexadecimal digits");
        }
    }

    /** Returns a reference to a state. */
    public static ExperimentReference to(Experiment state, long offset) {
        return new ExperimentReference(offset, Sha256.hex(state.lines()));
    }

    /** Returns whether it names that state. */
    public boolean names(Experiment state) {
        return digest.equals(Sha256.hex(state.lines()));
    }

    /** Returns the offset and the digest, with a space between them. */
    public String text() {
        return offset + " " + digest;
    }

    /** @throws IllegalArgumentException if it is not the text of one */
    public static ExperimentReference ofText(String text) {
        String[] parts = text.split(" ", -1);
        if (parts.length != 2 || !parts[0].matches("[0-9]{1,18}")) {
            throw new IllegalArgumentException("a reference must be an offset, a space and a digest");
        }
        return new ExperimentReference(Long.parseLong(parts[0]), parts[1]);
    }

    /** Finds the states that took effect. */
    @FunctionalInterface
    public interface Lookup {

        /** Knows none. */
        Lookup NONE = reference -> Optional.empty();

        /** Returns the state that a reference names; absent if none took effect there, or another one. */
        Optional<Experiment> find(ExperimentReference reference);
    }
}
