package dev.millrace.model.network;

import org.bytedeco.javacpp.Loader;

/** The native library that multiplies. */
public final class NativeEngine {

    /** Its name and version, and those of what brings it. */
    public static final String NAME = "nd4j-1.0.0-M2.1/openblas-0.3.19";

    private NativeEngine() {}

    /** The classifier of the native libraries of this machine, such as {@code linux-x86_64}. */
    public static String platform() {
        return Loader.getPlatform();
    }
}
