package dev.millrace.verify;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What an audit of the model found.
 *
 * @param generation lineage of weights
 * @param fromStep that the replay began after: 0, or a checkpoint's
 * @param toStep that it ended at
 * @param nanos that learning and comparing took
 * @param digests compared
 * @param agreeing newest step whose digest agreed
 * @param vectors compared, bit for bit
 * @param uncheckedVectors made before the checkpoint that the replay began from: nothing computes them here
 * @param laterVectors made after the step that the audit was to end at
 * @param otherVectors of other generations
 * @param isCatalogueCompared whether it was compared which items have a vector
 * @param differences the first of them, in the order of the steps
 * @param differing how many there are
 * @param checkpoint that was written
 */
public record ModelReport(
        String generation,
        long fromStep,
        long toStep,
        long nanos,
        long digests,
        OptionalLong agreeing,
        long vectors,
        long uncheckedVectors,
        long laterVectors,
        int otherVectors,
        boolean isCatalogueCompared,
        List<Difference> differences,
        long differing,
        Optional<Path> checkpoint) {

    public ModelReport {
        differences = List.copyOf(differences);
    }

    /** Nothing differs, and something was compared. */
    public boolean isSame() {
        return differing == 0 && isAnythingCompared();
    }

    public boolean isAnythingCompared() {
        return digests + vectors > 0;
    }

    public double stepsPerSecond() {
        return nanos == 0 ? 0 : (toStep - fromStep) * 1e9 / nanos;
    }
}
