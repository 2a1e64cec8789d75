package dev.millrace.model.network;

/** Arrays that are reused from step to step. */
public final class Scratch {

    private Scratch() {}

    /** Returns the array if it has at least that length, else a new one of zeros. */
    public static float[] atLeast(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }
}
