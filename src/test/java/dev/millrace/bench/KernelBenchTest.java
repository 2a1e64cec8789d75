package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.StepEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KernelBenchTest {

    @Test
    void stepAgreesWithTheFloat64ReferenceOnThePeersInputs() {
        Path folder = Path.of(System.getenv().getOrDefault("PEER_DATA", "peer-data"));
        assumeTrue(Files.exists(folder.resolve("ref_512.bin")), "PEER_DATA names no folder with references");
        KernelBench bench = new KernelBench(Optional.of(folder), StepEngine.alone(Engine.VECTOR));

        for (int batch : new int[] {256, 512, 1024}) {
            assertThat(bench.compare(batch)).as("B = %d", batch).isLessThanOrEqualTo(KernelBench.TOLERANCE);
        }
    }
}
