package dev.millrace.workshop.evaluate;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.app.MillraceSettings;
import dev.millrace.evaluate.RecordedExamples;
import dev.millrace.evaluate.Report;
import dev.millrace.model.Scenes;
import dev.millrace.operation.Progress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EvaluationRunTest {

    @Test
    void aLogWithoutItsFirstStepIsRefused() {
        MillraceSettings settings = MillraceSettings.load(List.of(), Map.of(), Map.of(), Map.of());
        RecordedExamples log = new RecordedExamples(settings.attribution());
        log.batch(Scenes.batch(5, 4, 2));
        EvaluationRun run = new EvaluationRun(
                any -> log, "--mini-batches", shares -> shares, new Report(text -> {}, Progress.NONE));

        assertThatThrownBy(() -> run.prequential(
                        Map.of("model", settings),
                        new EvaluationRun.Extras(List.of(), false, false, List.of(), false, false, List.of())))
                .hasMessageContaining("--mini-batches = from step 5 on: must be of a log that has step 1");
    }
}
