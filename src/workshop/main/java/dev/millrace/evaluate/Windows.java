package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.exam.ExamWitness;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.EntrySource;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * One window of the log after the other, as papers on continual learning evaluate (such as Mi, Lin and Faltings 2020, ADER).
 *
 * <p>The queries of a window are ranked twice: all of them by the model as it stood at the window's beginning, and each one by the model as it
 * stands when the query's batch comes, which then is learnt. Candidates are the items that an example named before. The first window is learnt
 * and not ranked. Everything is learnt once, in order, and a batch ends with its window.
 *
 * <p>Both rankings are of the same events. They differ in the history: the frozen model knows no items that were new in the window, so that they
 * are in none of its histories.
 */
public final class Windows {

    /**
     * The result of one window.
     *
     * @param name of the window
     * @param positives clicked examples of the window
     * @param withoutHistory of these, events without a history
     * @param unseen of the others, events of an item that is new in the window; they are no queries if such are dropped
     * @param rankings of the same events: {@code frozen}, by the model as it stood at the beginning, {@code online}, as it stood at the
     *     event's batch, and by popularity as of then
     */
    public record Window(String name, int positives, int withoutHistory, int unseen, Map<String, Averages> rankings) {}

    /**
     * The result of an evaluation.
     *
     * @param windows in their order, without the first
     * @param learnt examples learnt
     * @param refusedSteps batches that were refused because they would have harmed the model
     * @param items in the catalogue at the end
     */
    public record Result(List<Window> windows, long learnt, long refusedSteps, int items) {}

    private static final int RANKED_AT_ONCE = 1024;

    /** The places of an event's item. */
    private record Place(double byModel, double byPopularity) {
        static final Place NOT_FOUND = new Place(Averages.NOT_FOUND, Averages.NOT_FOUND);
    }

    /** A part of the examples. */
    private record Cut(String name, List<TrainingExample> examples, int from) {}

    private final WindowSettings settings;
    private final Evaluation evaluation;

    /** @param evaluation of whose shares that of the positives that is used counts, and no other */
    public Windows(WindowSettings settings, Evaluation evaluation) {
        this.settings = settings;
        this.evaluation = evaluation;
    }

    /**
     * Trains a new model, over all events so far. The progress is told before each window, too.
     *
     * @throws InvalidSettingsException if there are less than two windows
     */
    public Result run() {
        List<TrainingExample> used = evaluation.used();
        List<Cut> cuts = settings.length().isZero() ? namedCuts(used) : timedCuts(used);
        if (cuts.size() < 2) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "windows",
                    Integer.toString(cuts.size()),
                    "must be 2 or more: the data must name them, such as by a mapping's log.window, or"
                            + " evaluate.windows.length must cut the log")));
        }
        TrainerSettings examined = evaluation
                .trainer()
                .withExam(evaluation.trainer().exam().ofEveryBatch().withHistoryLeftOut(settings.isHistoryLeftOut()));
        Map<String, Place> ranked = new HashMap<>();
        ExamWitness witness =
                (example, byModel, byPopularity) -> ranked.put(example.id(), new Place(byModel.get(0), byPopularity));
        try (Trainer trainer = new Trainer(examined, EntrySource.NONE, evaluation.times(), witness)) {
            return new Run(trainer, witness, ranked, used.size()).over(cuts);
        }
    }

    private List<Cut> namedCuts(List<TrainingExample> used) {
        List<RecordedExamples.Window> windows = evaluation.recorded().windows().stream()
                .filter(window -> window.from() < used.size())
                .toList();
        return IntStream.range(0, windows.size())
                .mapToObj(at -> {
                    int end = at + 1 < windows.size() ? windows.get(at + 1).from() : used.size();
                    int from = at == 0 ? 0 : windows.get(at).from();
                    return new Cut(windows.get(at).name(), used.subList(from, end), from);
                })
                .toList();
    }

    private List<Cut> timedCuts(List<TrainingExample> used) {
        List<Cut> cuts = new ArrayList<>();
        int from = 0;
        long window = 0;
        for (int at = 0; at < used.size(); at++) {
            // an example that is late belongs to the window in which it came
            long next = (used.get(at).time() - used.get(0).time())
                    / settings.length().toMillis();
            if (next > window) {
                cuts.add(new Cut(Long.toString(window), used.subList(from, at), from));
                from = at;
                window = next;
            }
        }
        if (from < used.size()) {
            cuts.add(new Cut(Long.toString(window), used.subList(from, used.size()), from));
        }
        return cuts;
    }

    /** One evaluation. */
    private final class Run {
        private final ExamWitness witness;
        private final Map<String, Place> ranked; // by what the witness saw
        private final List<RecordedExamples.Listing> listings =
                evaluation.recorded().listings();
        private final Map<String, CatalogueItem> unnamed = new HashMap<>(); // listed, and in no example yet
        private final Set<String> named = new HashSet<>();
        private final Set<String> seen = new HashSet<>(); // in a batch
        private final Trainer trainer;
        private final Passes passes;
        private int nextListing;
        private int nextExample;

        Run(Trainer trainer, ExamWitness witness, Map<String, Place> ranked, int used) {
            this.trainer = trainer;
            this.witness = witness;
            this.ranked = ranked;
            this.passes = new Passes(evaluation, trainer, List.of(), used);
        }

        Result over(List<Cut> cuts) {
            List<Window> windows = new ArrayList<>();
            int first = settings.last() == 0 ? 1 : Math.max(1, cuts.size() - settings.last());
            for (int at = 0; at < cuts.size(); at++) {
                Cut cut = cuts.get(at);
                passes.part("window " + cut.name());
                if (at < first) {
                    learn(cut, batch -> {
                        trainer.observe(batch);
                        trainer.replay(batch);
                    });
                } else {
                    windows.add(window(cut));
                }
            }
            return new Result(
                    windows,
                    trainer.progress().positives(),
                    trainer.progress().refusedSteps(),
                    trainer.progress().items());
        }

        private Window window(Cut cut) {
            Queries queries = new Queries(settings, cut.examples(), seen);
            Map<String, Averages> rankings = new LinkedHashMap<>();
            for (String name : List.of("frozen", "popularity, frozen", "online", "popularity, online")) {
                rankings.put(name, new Averages());
            }
            frozen(queries.asked(), place -> add(place, "frozen", rankings));
            learn(cut, batch -> {
                ranked.clear();
                rank(uncounted(batch, queries)); // what counts is ranked by the exam
                trainer.learn(batch);
                for (TrainingExample example : batch.examples()) {
                    if (queries.contains(example)) {
                        add(seen.contains(example.item()) ? place(example) : Place.NOT_FOUND, "online", rankings);
                    }
                }
            });
            return new Window(
                    cut.name(),
                    Passes.positives(cut.examples()).size(),
                    queries.withoutHistory(),
                    queries.unseen(),
                    rankings);
        }

        private static void add(Place place, String name, Map<String, Averages> rankings) {
            Objects.requireNonNull(rankings.get(name)).addPlace(place.byModel());
            Objects.requireNonNull(rankings.get("popularity, " + name)).addPlace(place.byPopularity());
        }

        private void frozen(List<TrainingExample> queries, Consumer<Place> each) {
            for (int from = 0; from < queries.size(); from += RANKED_AT_ONCE) {
                List<TrainingExample> some = queries.subList(from, Math.min(from + RANKED_AT_ONCE, queries.size()));
                ranked.clear();
                rank(some.stream()
                        .filter(query -> trainer.catalogue().contains(query.item()))
                        .toList());
                some.forEach(query -> each.accept(place(query)));
            }
        }

        private void rank(List<TrainingExample> events) {
            if (!events.isEmpty()) {
                trainer.rank(events, witness);
            }
        }

        private List<TrainingExample> uncounted(MiniBatch batch, Queries queries) {
            return IntStream.range(0, batch.examples().size())
                    .filter(at -> !batch.isCounted(at))
                    .mapToObj(batch.examples()::get)
                    .filter(example -> queries.contains(example)
                            && !example.user().history().isEmpty()
                            && trainer.catalogue().contains(example.item()))
                    .toList();
        }

        /** Feeds a window, and an item's features just before the first example that names it, or when they change later. */
        private void learn(Cut cut, Consumer<MiniBatch> step) {
            passes.feed(cut.examples(), this::list, batch -> {
                step.accept(batch);
                batch.examples().forEach(example -> seen.add(example.item()));
                batch.exposed().forEach(example -> seen.add(example.item()));
            });
        }

        private void list(TrainingExample example) {
            while (nextListing < listings.size() && listings.get(nextListing).before() <= nextExample) {
                CatalogueItem item = listings.get(nextListing++).item();
                unnamed.put(item.item(), item);
                if (named.contains(item.item())) {
                    list(item.item());
                }
            }
            if (named.add(example.item())) {
                list(example.item());
            }
            nextExample++;
        }

        private void list(String name) {
            CatalogueItem item = unnamed.remove(name);
            if (item != null) {
                trainer.change(new CatalogueChange.Upsert(item));
            }
        }

        private Place place(TrainingExample query) {
            return ranked.getOrDefault(query.id(), Place.NOT_FOUND);
        }
    }

    /** The queries of one window. */
    private static final class Queries {
        private final Map<String, TrainingExample> asked = new LinkedHashMap<>();
        private int withoutHistory;
        private int unseen;

        Queries(WindowSettings settings, List<TrainingExample> examples, Set<String> seen) {
            boolean drops = settings.unseen() == WindowSettings.Unseen.DROP;
            Map<String, String> lastOfUser = new HashMap<>();
            for (TrainingExample example : Passes.positives(examples)) {
                TrainingExample query = drops ? withHistoryOf(seen, example) : example;
                if (query.user().history().isEmpty()) {
                    withoutHistory++;
                    continue;
                }
                boolean isUnseen = !seen.contains(query.item());
                unseen += isUnseen ? 1 : 0;
                if (isUnseen && drops) {
                    continue;
                }
                asked.put(query.id(), query);
                if (settings.queries() == WindowSettings.Queries.LAST) {
                    String before = lastOfUser.put(query.user().user(), query.id());
                    if (before != null) {
                        asked.remove(before);
                    }
                }
            }
        }

        List<TrainingExample> asked() {
            return List.copyOf(asked.values());
        }

        boolean contains(TrainingExample example) {
            return asked.containsKey(example.id());
        }

        int withoutHistory() {
            return withoutHistory;
        }

        int unseen() {
            return unseen;
        }

        private static TrainingExample withHistoryOf(Set<String> items, TrainingExample example) {
            UserFeatures user = example.user();
            List<String> known = user.history().stream().filter(items::contains).toList();
            return known.size() == user.history().size()
                    ? example
                    : new TrainingExample(
                            example.id(),
                            new UserFeatures(user.user(), user.time(), user.features(), known),
                            example.context(),
                            example.item(),
                            example.action(),
                            example.weight(),
                            example.time(),
                            example.producedAt());
        }
    }
}
