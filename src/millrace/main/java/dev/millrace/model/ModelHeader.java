package dev.millrace.model;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Form;

/**
 * Engine and settings that stored weights come from.
 *
 * @param fingerprint of the engine
 * @param settingsHash of all model settings
 */
public record ModelHeader(String fingerprint, String settingsHash) {

    private static final int VERSION = 4; // 4: two more half-lives, with weights of young items

    static ModelHeader of(NumericFingerprint fingerprint, ModelSettings settings) {
        return new ModelHeader(fingerprint.toString(), settings.hash());
    }

    /** @throws CorruptEntryException if a build whose state has another form wrote it */
    public static ModelHeader read(byte[] entry) {
        return Form.read(entry, new ModelHeader("", "")::fields);
    }

    byte[] entry() {
        return Form.written(this::fields);
    }

    private ModelHeader fields(Form form) {
        int version = form.integer(VERSION);
        if (version != VERSION) {
            throw new CorruptEntryException(
                    "the stored learner has form " + version + ", this build reads form " + VERSION
                            + ": go on with the build that wrote it, or let this one learn a new generation under another"
                            + " stream.application-id, from the log (millrace train --from mini-batches) or from a checkpoint of"
                            + " this form (millrace model import --warm)");
        }
        return new ModelHeader(form.text(fingerprint), form.text(settingsHash));
    }

    /** @throws FingerprintMismatchException if the settings differ */
    void requireSettings(ModelSettings settings) {
        if (!settingsHash.equals(settings.hash())) {
            throw new FingerprintMismatchException("the settings hash", settingsHash, settings.hash());
        }
    }

    /** @throws FingerprintMismatchException if the engine differs */
    void requireFingerprint(NumericFingerprint here) {
        if (!fingerprint.equals(here.toString())) {
            throw new FingerprintMismatchException("the numeric fingerprint", fingerprint, here.toString());
        }
    }
}
