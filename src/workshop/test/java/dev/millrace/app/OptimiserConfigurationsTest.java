package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.batch.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamTotals;
import dev.millrace.train.ClusteredClicks;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainingProgress;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of optimisers, laid over another configuration. */
class OptimiserConfigurationsTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final int BATCH = 64;
    private static final int STEPS = 300;

    @ParameterizedTest
    @ValueSource(strings = {"adam", "ftrl", "sgd"})
    void aFewHundredStepsFindClustersThatPopularityCannotSee(String optimiser) throws IOException {
        Map<String, String> given =
                overlay(Stream.of("config/optimisers", "src/workshop/test/resources/tried/optimisers")
                        .map(folder -> Path.of(folder, optimiser + ".properties"))
                        .filter(Files::exists)
                        .findFirst()
                        .orElseThrow());
        given.put("batch.size", "" + BATCH);
        given.put("batch.negatives", "128");
        given.put("exam.every-batch-up-to", "0");
        MillraceSettings settings =
                MillraceSettings.load(List.of(Path.of("config/movielens.properties")), Map.of(), Map.of(), given);
        ClusteredClicks clicks = new ClusteredClicks(3, 10, 20, TIME);

        Trainer trainer = new Trainer(settings.trainer());
        clicks.items()
                .forEach(item ->
                        trainer.change(new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE))));
        ExamTotals before = ExamTotals.NONE;
        for (int step = 1; step <= STEPS; step++) {
            for (int at = 0; at < BATCH; at++) {
                trainer.add(clicks.good());
            }
            before = step == STEPS - 100 ? trainer.progress().exam() : before;
            trainer.learn(trainer.closeBatch());
        }

        TrainingProgress progress = trainer.progress();
        assertThat(progress.refusedSteps()).isZero();
        // of 200 items 18 or 19 of the user's cluster are as good as each other: .53 would be all there is;
        // popularity finds .05
        assertThat(progress.exam().minus(before).model().recallAt(10)).isGreaterThan(0.35);
        assertThat(progress.exam().minus(before).popularity().recallAt(10)).isLessThan(0.1);
    }

    private static Map<String, String> overlay(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        Map<String, String> values = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> values.put(name, properties.getProperty(name)));
        return values;
    }
}
