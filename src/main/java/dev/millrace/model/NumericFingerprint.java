package dev.millrace.model;

import dev.millrace.model.network.NativeEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The parts of the process that decide the bits of a step, beside its inputs. Only equal fingerprints promise equal bits.
 *
 * @param engine library of the matrix products
 * @param classifier of the native libraries
 * @param coreType core type that OpenBLAS is pinned to; {@code auto} if OpenBLAS chooses
 * @param javaFeature feature release of Java
 */
public record NumericFingerprint(String engine, String classifier, String coreType, int javaFeature) {

    private static final List<String> THREAD_VARIABLES = List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS");

    /**
     * Returns the fingerprint of this process.
     *
     * @throws IllegalStateException if the environment lets the native libraries use several threads
     */
    public static NumericFingerprint require() {
        return require(System.getenv());
    }

    static NumericFingerprint require(Map<String, String> environment) {
        List<String> faults = new ArrayList<>();
        for (String variable : THREAD_VARIABLES) {
            String found = environment.getOrDefault(variable, "");
            if (!found.equals("1")) {
                faults.add(variable + " = " + (found.isEmpty() ? "(not set)" : found)
                        + ": must be 1 in the environment of the process, or steps are slow and their bits change");
            }
        }
        if (!faults.isEmpty()) {
            throw new IllegalStateException(String.join(System.lineSeparator(), faults));
        }
        return new NumericFingerprint(
                NativeEngine.NAME,
                NativeEngine.platform(),
                environment.getOrDefault("OPENBLAS_CORETYPE", "auto"),
                Runtime.version().feature());
    }
}
