package dev.millrace.model.network;

/** Arrays that are used again from step to step. */
public final class Scratch {

    private Scratch() {}

    /** The array, or a new one of zeros if it is shorter than that. */
    public static float[] atLeast(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }
}
