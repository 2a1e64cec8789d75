package dev.millrace.checkpoint;

import java.util.Optional;

/**
 * What a learner's bits depend on, beside the log.
 *
 * @param generation lineage of weights
 * @param settingsHash of all settings of the learner
 * @param modelHash of the model's settings, as stored with the weights
 * @param fingerprint of the engine
 */
public record Lineage(String generation, String settingsHash, String modelHash, String fingerprint) {

    /** How the other differs, in words; absent if it is the same. */
    public Optional<String> difference(Lineage other) {
        return difference("generation", generation, other.generation)
                .or(() -> difference("settings hash", settingsHash, other.settingsHash))
                .or(() -> difference("hash of the model's settings", modelHash, other.modelHash))
                .or(() -> difference("numeric fingerprint", fingerprint, other.fingerprint));
    }

    private static Optional<String> difference(String what, String here, String other) {
        return here.equals(other)
                ? Optional.empty()
                : Optional.of("it has " + what + " " + other + ", this process has " + here);
    }
}
