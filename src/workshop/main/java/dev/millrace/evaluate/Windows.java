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
     * @param frozen ranks by the model as it stood at the beginning, and by popularity as of then
     * @param online ranks of the same events by the model and popularity as they stood at the event's batch
     */
    public record Window(
            String name, int positives, int withoutHistory, int unseen, Averages frozen, Averages online) {}

    /**
     * Averages over the same events.
     *
     * @param model ranks by the model
     * @param popularity ranks by decayed popularity
     */
    public record Averages(RankAverages model, RankAverages popularity) {

        Averages() {
            this(new RankAverages(), new RankAverages());
        }

        private void add(Place place) {
            model.add(place.byModel());
            popularity.add(place.byPopularity());
        }
    }

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
        static final Place NOT_FOUND = new Place(RankAverages.NOT_FOUND, RankAverages.NOT_FOUND);
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
        return new Run(used.size()).over(cuts);
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
        private final long all;
        private final Map<String, Place> ranked = new HashMap<>();
        private final List<RecordedExamples.Listing> listings =
                evaluation.recorded().listings();
        private final Map<String, CatalogueItem> unnamed = new HashMap<>(); // listed, and in no example yet
        private final Set<String> named = new HashSet<>();
        private final Set<String> seen = new HashSet<>(); // in a batch
        private int nextListing;
        private long learnt;

        Run(long all) {
            this.all = all;
        }

        Result over(List<Cut> cuts) {
            List<Window> windows = new ArrayList<>();
            ExamWitness witness = this::note;
            TrainerSettings examined = evaluation
                    .trainer()
                    .withExam(
                            evaluation.trainer().exam().ofEveryBatch().withHistoryLeftOut(settings.isHistoryLeftOut()));
            try (Trainer trainer = new Trainer(examined, EntrySource.NONE, evaluation.times(), witness)) {
                for (Cut cut : cuts) {
                    reached(cut);
                    if (cut.from() == 0) {
                        learn(trainer, cut, trainer::learn);
                    } else {
                        windows.add(window(trainer, cut));
                    }
                }
                return new Result(
                        windows,
                        trainer.progress().positives(),
                        trainer.progress().refusedSteps(),
                        trainer.progress().items());
            }
        }

        private Window window(Trainer trainer, Cut cut) {
            Queries queries = new Queries(settings, cut.examples(), seen);
            Averages frozen = frozen(trainer, queries.asked());
            Averages online = new Averages();
            learn(trainer, cut, batch -> {
                ranked.clear();
                rank(uncounted(batch, queries, trainer), trainer); // what counts is ranked by the exam
                trainer.learn(batch);
                for (TrainingExample example : batch.examples()) {
                    if (queries.contains(example)) {
                        online.add(seen.contains(example.item()) ? place(example) : Place.NOT_FOUND);
                    }
                }
            });
            return new Window(
                    cut.name(),
                    Passes.positives(cut.examples()).size(),
                    queries.withoutHistory(),
                    queries.unseen(),
                    frozen,
                    online);
        }

        private Averages frozen(Trainer trainer, List<TrainingExample> queries) {
            Averages averages = new Averages();
            for (int from = 0; from < queries.size(); from += RANKED_AT_ONCE) {
                List<TrainingExample> some = queries.subList(from, Math.min(from + RANKED_AT_ONCE, queries.size()));
                List<TrainingExample> found = some.stream()
                        .filter(query -> trainer.catalogue().contains(query.item()))
                        .toList();
                ranked.clear();
                rank(found, trainer);
                some.forEach(query -> averages.add(place(query)));
            }
            return averages;
        }

        private void rank(List<TrainingExample> events, Trainer trainer) {
            if (!events.isEmpty()) {
                trainer.rank(events, this::note);
            }
        }

        private static List<TrainingExample> uncounted(MiniBatch batch, Queries queries, Trainer trainer) {
            return IntStream.range(0, batch.examples().size())
                    .filter(at -> !batch.isCounted(at))
                    .mapToObj(batch.examples()::get)
                    .filter(example -> queries.contains(example)
                            && !example.user().history().isEmpty()
                            && trainer.catalogue().contains(example.item()))
                    .toList();
        }

        /** Feeds a window, and an item's features just before the first example that names it, or when they change later. */
        private void learn(Trainer trainer, Cut cut, Consumer<MiniBatch> step) {
            for (int at = 0; at < cut.examples().size(); at++) {
                TrainingExample example = cut.examples().get(at);
                while (nextListing < listings.size()
                        && listings.get(nextListing).before() <= cut.from() + at) {
                    CatalogueItem item = listings.get(nextListing++).item();
                    unnamed.put(item.item(), item);
                    if (named.contains(item.item())) {
                        list(trainer, item.item());
                    }
                }
                if (named.add(example.item())) {
                    list(trainer, example.item());
                }
                trainer.add(example);
                if (trainer.isBatchReady()) {
                    close(trainer, cut, step);
                }
            }
            if (trainer.hasOpenWork()) {
                close(trainer, cut, step);
            }
        }

        private void list(Trainer trainer, String name) {
            CatalogueItem item = unnamed.remove(name);
            if (item != null) {
                trainer.change(new CatalogueChange.Upsert(item));
            }
        }

        private void close(Trainer trainer, Cut cut, Consumer<MiniBatch> step) {
            MiniBatch batch = trainer.closeBatch();
            step.accept(batch);
            batch.examples().forEach(example -> seen.add(example.item()));
            batch.exposed().forEach(example -> seen.add(example.item()));
            learnt += batch.examples().size() + batch.exposed().size();
            reached(cut);
        }

        private void reached(Cut cut) {
            evaluation.progress().reached("window " + cut.name(), learnt, all);
        }

        private void note(TrainingExample example, List<Double> byModel, double byPopularity) {
            ranked.put(example.id(), new Place(byModel.get(0), byPopularity));
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
