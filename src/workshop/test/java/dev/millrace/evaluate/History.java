package dev.millrace.evaluate;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.model.StepTimes;
import dev.millrace.operation.Progress;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.SettingsReader;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** A history, of clicks alone unless it is told otherwise, for tests: what happens in it is said, the rest is made up. */
final class History {

    static final long START = 1_624_464_000_000L; // 2021-06-24, midnight in Shanghai
    static final long HOUR = 3_600_000;

    private static final Map<String, String> SMALL = Map.of(
            "attribution.mode", "clicks-only",
            "attribution.actions", "click,like",
            "batch.size", "8",
            "batch.negatives", "4",
            "tower.dim", "8",
            "tower.user.hidden", "",
            "tower.item.hidden", "",
            "features.user", "history",
            "features.item", "item");

    /** What makes examples of all exposures that are not clicked. */
    static final Map<String, String> EXPOSED = Map.of(
            "attribution.mode", "exposures",
            "negatives.exposed", "0.1",
            "negatives.exposed.sample", "1");

    private final RecordedExamples examples;
    private int clicks;

    History() {
        this(Map.of());
    }

    /** @param others settings that differ */
    History(Map<String, String> others) {
        examples = new RecordedExamples(AttributionSettings.read(reader(others)));
    }

    static TrainerSettings trainer() {
        return trainer(Map.of());
    }

    static TrainerSettings trainer(Map<String, String> others) {
        return TrainerSettings.read(reader(others));
    }

    private static SettingsReader reader(Map<String, String> others) {
        Map<String, String> all = new TreeMap<>(SMALL);
        all.putAll(others);
        return new SettingsReader(all);
    }

    Evaluation evaluation(PrequentialSettings shares, TrainerSettings trainer) {
        return evaluation(shares, examples, trainer);
    }

    static Evaluation evaluation(PrequentialSettings shares, RecordedExamples examples, TrainerSettings trainer) {
        return new Evaluation(shares, examples, trainer, StepTimes.UNTIMED, Progress.NONE, () -> false);
    }

    /** Returns the examples of a recording, all at once. */
    static List<TrainingExample> all(RecordedExamples recorded) {
        List<TrainingExample> all = new ArrayList<>();
        RecordedExamples.Reader reader = recorded.reader();
        while (reader.advance()) {
            if (reader.kind() == RecordedExamples.Kind.EXAMPLE) {
                all.add(reader.example());
            }
        }
        return all;
    }

    RecordedExamples examples() {
        return examples;
    }

    /** Adds items i0, i1 and so on. */
    History items(int count) {
        IntStream.range(0, count).forEach(item -> item("i" + item));
        return this;
    }

    /** A witness that keeps each event's places, by model and by popularity. */
    static ExamWitness into(Map<String, List<Double>> places) {
        return (example, byModel, byPopularity) -> places.put(example.id(), List.of(byModel.get(0), byPopularity));
    }

    History item(String item) {
        return item(item, START - 1);
    }

    History item(String item, long time) {
        examples.item(new CatalogueItem(item, time, Features.NONE));
        return this;
    }

    History window(String name) {
        examples.window(new ReplayEvent.WindowMark(name, START));
        return this;
    }

    History expose(String user, String item, long time) {
        examples.exposure(new Exposure("x" + clicks++, user, item, time, 0, Features.NONE));
        return this;
    }

    History click(String user, String item, long time) {
        return act(user, item, "click", time);
    }

    History act(String user, String item, String action, long time) {
        examples.click(new Click("c" + clicks++, user, item, Optional.empty(), action, 1, time, 0, Features.NONE));
        return this;
    }
}
