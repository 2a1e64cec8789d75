package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.StepEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KernelBenchTest {

    @Test
    void aBatchSizeIsTheSameToPeopleAndToPrograms() {
        ToldReport told = new ToldReport();

        KernelBench.run(told.report(), List.of(16), Optional.empty(), 3, StepEngine.alone(Engine.VECTOR));

        JsonNode found = told.found();
        assertThat(found.path("steps").asInt()).isEqualTo(3);
        assertThat(found.path("batches")).hasSize(1);
        JsonNode row = found.path("batches").path(0);
        List<String> phases = new ArrayList<>();
        row.path("phaseMicros")
                .properties()
                .forEach(phase -> phases.add(
                        phase.getKey() + " " + Math.round(phase.getValue().asDouble())));
        assertThat(phases).hasSizeGreaterThan(3);
        assertThat(row.has("worstError")).isFalse();
        assertThat(told.lines())
                .containsExactly(
                        "inputs drawn from a seed, no reference",
                        String.format(
                                Locale.ROOT,
                                "B=%d: median %.0f us/step, p10 %.0f us, cpu %.0f us, %.0f examples/s"
                                        + " (%.0f without finding rows by key), %.0f KB allocated; phases us %s;"
                                        + " worst error not compared",
                                row.path("batch").asInt(),
                                row.path("medianMicros").asDouble(),
                                row.path("tenthMicros").asDouble(),
                                row.path("cpuMicros").asDouble(),
                                row.path("examplesPerSecond").asDouble(),
                                row.path("examplesPerSecondWithoutResolve").asDouble(),
                                row.path("allocatedBytes").asDouble() / 1024,
                                String.join(", ", phases)));
        assertThat(told.reached()).containsExactly("batches of 16 0 of 1", " 1 of 1");
    }

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
