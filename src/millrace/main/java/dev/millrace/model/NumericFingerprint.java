package dev.millrace.model;

import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.NativeEngine;
import java.util.List;
import java.util.Map;

/**
 * The parts of the process that decide the bits of a step, beside its inputs. Only equal fingerprints promise equal bits.
 *
 * @param text names them all
 */
public record NumericFingerprint(String text) {

    /** Names no processor and no Java release: the bits of this engine depend on neither. The number counts its changes. */
    private static final String HEAP = "heap-1";

    /**
     * Returns the fingerprint of an engine in this process.
     *
     * @throws IllegalStateException if the environment lets the native libraries use several threads
     */
    public static NumericFingerprint require(Engine engine) {
        return switch (engine) {
            case VECTOR -> new NumericFingerprint(HEAP);
            case ND4J -> ofNative(System.getenv());
        };
    }

    /** As {@link #require(Engine)}, of a model: graphs of DL4J run by ND4J, whatever the engine. */
    public static NumericFingerprint require(Engine engine, ModelSettings model) {
        return require(model.hasGraph() ? Engine.ND4J : engine);
    }

    static NumericFingerprint ofNative(Map<String, String> environment) {
        List<String> faults = NativeEngine.faults(environment);
        if (!faults.isEmpty()) {
            throw new IllegalStateException("model.engine = nd4j: " + String.join("; ", faults));
        }
        return new NumericFingerprint("NumericFingerprint[engine=" + NativeEngine.NAME + ", classifier="
                + NativeEngine.platform() + ", coreType=" + environment.getOrDefault("OPENBLAS_CORETYPE", "auto")
                + ", javaFeature=" + Runtime.version().feature() + "]");
    }

    @Override
    public String toString() {
        return text;
    }
}
