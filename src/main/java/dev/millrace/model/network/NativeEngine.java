package dev.millrace.model.network;

import org.bytedeco.javacpp.Loader;

/** The native library that computes matrix products. */
public final class NativeEngine {

    /** Name and version of ND4J, and of the OpenBLAS that it ships. */
    public static final String NAME = "nd4j-1.0.0-M2.1/openblas-0.3.19";

    private NativeEngine() {}

    /** Returns the classifier of the native libraries for this machine, such as {@code linux-x86_64}. */
    public static String platform() {
        return Loader.getPlatform();
    }
}
