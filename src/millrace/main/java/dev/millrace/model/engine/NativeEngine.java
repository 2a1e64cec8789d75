package dev.millrace.model.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;

/** The native libraries of ND4J, and what this process must offer them. */
public final class NativeEngine {

    /** Name and version of ND4J, and of the OpenBLAS that it ships. */
    public static final String NAME = "nd4j-1.0.0-M2.1/openblas-0.3.19";

    private static final List<String> THREAD_VARIABLES = List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS");
    private static final List<String> LIBRARIES =
            List.of("org.bytedeco.openblas.global.openblas", "org.nd4j.linalg.cpu.nativecpu.bindings.Nd4jCpu");

    private NativeEngine() {}

    /** Returns the classifier of the native libraries for this machine, such as {@code linux-x86_64}. */
    public static String platform() {
        return Loader.getPlatform();
    }

    /** Returns what this process lacks, each as a rule; empty if it can run. */
    public static List<String> faults(Map<String, String> environment) {
        List<String> faults = new ArrayList<>();
        for (String variable : THREAD_VARIABLES) {
            String found = environment.getOrDefault(variable, "");
            if (!found.equals("1")) {
                faults.add("needs " + variable + " = 1 in the environment of the process, not "
                        + (found.isEmpty() ? "(not set)" : found) + ", or steps are slow and their bits change");
            }
        }
        if (!LIBRARIES.stream().allMatch(NativeEngine::loads)) {
            faults.add("needs the native libraries of ND4J for this machine on the class path");
        }
        return faults;
    }

    private static boolean loads(String library) {
        try {
            Class.forName(library);
            return true;
        } catch (ClassNotFoundException | LinkageError missing) {
            return false;
        }
    }
}
