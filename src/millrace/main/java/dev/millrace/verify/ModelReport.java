package dev.millrace.verify;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What an audit of the model found.
 *
 * @param generation lineage of weights
 * @param fromStep step before the first that was replayed: 0, or a checkpoint's
 * @param toStep last step that was replayed
 * @param nanos time of learning and comparing
 * @param digests how many were compared
 * @param newestEqual newest step whose digest is the same
 * @param vectors how many were compared, bit for bit
 * @param uncheckedVectors how many are older than the checkpoint that the replay began from, and cannot be computed
 * @param laterVectors how many are newer than the last step
 * @param otherVectors how many are of other generations
 * @param isCatalogueCompared whether the items that have a vector were compared with the catalogue
 * @param differences the first of them, in the order of the steps: each says what differs, where, and both values
 * @param differing how many differences there are
 * @param checkpoint file that was written
 */
public record ModelReport(
        String generation,
        long fromStep,
        long toStep,
        long nanos,
        long digests,
        OptionalLong newestEqual,
        long vectors,
        long uncheckedVectors,
        long laterVectors,
        int otherVectors,
        boolean isCatalogueCompared,
        List<String> differences,
        long differing,
        Optional<Path> checkpoint) {

    public ModelReport {
        differences = List.copyOf(differences);
    }

    /** Returns true if nothing differs, and something was compared. */
    public boolean isSame() {
        return differing == 0 && digests + vectors > 0;
    }

    public double stepsPerSecond() {
        return nanos == 0 ? 0 : (toStep - fromStep) * 1e9 / nanos;
    }
}
