package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.evaluate.WindowSettings.Queries;
import dev.millrace.evaluate.WindowSettings.Unseen;
import dev.millrace.feature.UserFeatures;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** The slow twin of {@link Windows}: each window has a model that learns from the start, and each item is scored on its own. Clicks alone, without features. */
final class WindowsReference {

    /** Ranks of one window by the model. */
    record Ranked(Averages frozen, Averages online) {}

    private final WindowSettings settings;
    private final RecordedExamples recorded;
    private final TrainerSettings trainerSettings;

    WindowsReference(WindowSettings settings, RecordedExamples recorded, TrainerSettings trainerSettings) {
        this.settings = settings;
        this.recorded = recorded;
        this.trainerSettings = trainerSettings;
    }

    Ranked window(int number) {
        Set<String> before = new HashSet<>();
        for (int window = 0; window < number; window++) {
            examples(window).forEach(example -> before.add(example.item()));
        }
        List<TrainingExample> queries = queries(examples(number), before);

        Averages frozen = new Averages();
        Averages online = new Averages();
        try (Trainer trainer = new Trainer(trainerSettings)) {
            for (int window = 0; window < number; window++) {
                feed(trainer, examples(window), trainer::learnUnexamined);
            }
            for (TrainingExample query : queries) {
                List<String> history = query.user().history();
                frozen.addPlace(place(
                        trainer,
                        query,
                        settings.unseen() == Unseen.DROP
                                ? history.stream().filter(before::contains).toList()
                                : history,
                        before));
            }
            Set<String> seen = new HashSet<>(before);
            feed(trainer, examples(number), batch -> {
                batch.examples().stream()
                        .filter(queries::contains)
                        .forEach(query -> online.addPlace(
                                place(trainer, query, query.user().history(), seen)));
                trainer.learnUnexamined(batch);
                batch.examples().forEach(example -> seen.add(example.item()));
            });
        }
        return new Ranked(frozen, online);
    }

    private List<TrainingExample> examples(int window) {
        int from = recorded.windows().get(window).from();
        int to = window + 1 < recorded.windows().size()
                ? recorded.windows().get(window + 1).from()
                : recorded.size();
        return History.all(recorded).subList(from, to);
    }

    private List<TrainingExample> queries(List<TrainingExample> examples, Set<String> before) {
        List<TrainingExample> queries = new ArrayList<>();
        for (TrainingExample example : examples) {
            boolean drops = settings.unseen() == Unseen.DROP;
            boolean hasHistory = example.user().history().stream().anyMatch(item -> !drops || before.contains(item));
            if (hasHistory && (!drops || before.contains(example.item()))) {
                if (settings.queries() == Queries.LAST) {
                    queries.removeIf(
                            query -> query.user().user().equals(example.user().user()));
                }
                queries.add(example);
            }
        }
        return queries;
    }

    private double place(Trainer trainer, TrainingExample query, List<String> history, Set<String> seen) {
        if (!seen.contains(query.item())) {
            return Averages.NOT_FOUND;
        }
        UserFeatures asked = new UserFeatures(
                query.user().user(), query.user().time(), query.user().features(), history);
        float[] user = new float[trainer.dim()];
        trainer.userVectors(List.of(asked), List.of(query.context()), user);
        double mark = score(trainer, user, query.item());
        double place = 1;
        for (String item : trainer.items()) {
            boolean competes =
                    !item.equals(query.item()) && (trainerSettings.isHistoryAnswered() || !history.contains(item));
            if (competes) {
                double score = score(trainer, user, item);
                place += score > mark ? 1 : score == mark ? 0.5 : 0;
            }
        }
        return place;
    }

    private static double score(Trainer trainer, float[] user, String item) {
        float[] vector = new float[trainer.dim()];
        trainer.vectors(List.of(item), vector);
        double score = 0;
        for (int d = 0; d < user.length; d++) {
            score += (double) user[d] * vector[d];
        }
        return score;
    }

    private static void feed(Trainer trainer, List<TrainingExample> examples, Consumer<MiniBatch> step) {
        for (TrainingExample example : examples) {
            trainer.add(example);
            if (trainer.isBatchReady()) {
                step.accept(trainer.closeBatch());
            }
        }
        if (trainer.hasOpenWork()) {
            step.accept(trainer.closeBatch());
        }
    }
}
