package dev.millrace.model;

/** What a learner says of weights that are not its own, for tests of other packages. */
public final class OtherWeights {

    private OtherWeights() {}

    public static FingerprintMismatchException refused() {
        return new FingerprintMismatchException("the settings hash", "a", "b");
    }
}
