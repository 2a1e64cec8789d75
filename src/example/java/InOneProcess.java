import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamTotals;
import dev.millrace.feature.UserFeatures;
import dev.millrace.recall.Answer;
import dev.millrace.recall.LocalGeneration;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.RecallRequest;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;

/** Attributes, learns and answers in one process, without Kafka: {@code java -cp millrace.jar InOneProcess.java}. */
final class InOneProcess implements Attribution.Output {

    private static final int ITEMS = 1_000;
    private static final int KINDS = 50;
    private static final int USERS = 500;
    private static final int EXPOSURES = 30_000;
    private static final long FIRST = 1_767_225_600_000L; // 2026-01-01

    private final Map<String, UserFeatures> users = new ConcurrentHashMap<>();
    private final RecallEngine recall = new RecallEngine(user -> Optional.ofNullable(users.get(user)));
    private final Attribution attribution;
    private final Trainer trainer;
    private final LocalGeneration generation;

    private InOneProcess(AttributionSettings attributed, TrainerSettings trained) {
        attribution = new Attribution(attributed, new MemoryEntries(), this);
        trainer = new Trainer(trained);
        generation = new LocalGeneration(trained, trainer);
        recall.serve(generation.pair());
    }

    public static void main(String[] arguments) {
        SettingsReader reader =
                new SettingsReader(Map.of("features.user", "user, history", "features.item", "item, kind"));
        AttributionSettings attributed = AttributionSettings.read(reader);
        TrainerSettings trained = TrainerSettings.read(reader);
        reader.finish(); // names every fault, unknown keys too
        new InOneProcess(attributed, trained).run();
    }

    /** A click has found its exposure. */
    @Override
    public void example(TrainingExample example) {
        trainer.add(example);
        if (trainer.isBatchReady()) {
            learn();
        }
    }

    @Override
    public void userFeatures(UserFeatures user) {
        users.put(user.user(), user);
    }

    @Override
    public void userRemoved(String user) {
        users.remove(user);
        trainer.removeUser(user);
    }

    /** Ranks the batch against the catalogue, learns from it, then brings index and encoder up to date. */
    private void learn() {
        trainer.learn(trainer.closeBatch());
        generation.follow(System.currentTimeMillis());
    }

    /** Each user likes two kinds of items. Half of what a user sees is of these kinds, the rest is what sells. */
    private void run() {
        for (int item = 0; item < ITEMS; item++) {
            Features features = Features.of(Map.of("kind", new FeatureValue.Category("k" + item % KINDS)));
            trainer.change(new CatalogueChange.Upsert(new CatalogueItem("i" + item, FIRST, features)));
        }
        Random random = new Random(1);
        ExamTotals before = trainer.progress().exam();
        for (int n = 1; n <= EXPOSURES; n++) {
            int user = random.nextInt(USERS);
            int liked = random.nextBoolean() ? user % KINDS : user / 10;
            int row = (int) (ITEMS / KINDS * Math.pow(random.nextDouble(), 2)); // a low one sells well
            int kind = random.nextBoolean() ? liked : random.nextInt(KINDS);
            String item = "i" + (row * KINDS + kind);
            long time = FIRST + n * 10_000L;
            attribution.expose(new Exposure("e" + n, "u" + user, item, time, 0, Features.NONE));
            if (random.nextDouble() < (kind == liked ? 0.5 : 0.02)) {
                Optional<String> exposure = Optional.of("e" + n);
                attribution.click(
                        new Click("c" + n, "u" + user, item, exposure, "click", 1, time + 3_000, 0, Features.NONE));
            }
            if (n % (EXPOSURES / 6) == 0) {
                ExamTotals now = trainer.progress().exam();
                print(n, now.minus(before));
                before = now;
            }
        }
        Answer answer = recall.recall(RecallRequest.unseen("u7", 5));
        answer.when(found -> found.items(), refusal -> {
                    throw new IllegalStateException("no answer: " + refusal);
                })
                .forEach(item -> System.out.printf(Locale.ROOT, "u7 %-5s %.3f%n", item.item(), item.score()));
        trainer.close();
    }

    private static void print(int exposures, ExamTotals exam) {
        System.out.printf(
                Locale.ROOT,
                "%,7d exposures  Recall@10 %.3f  popularity %.3f%n",
                exposures,
                exam.model().recallAt(10),
                exam.popularity().recallAt(10));
    }
}
