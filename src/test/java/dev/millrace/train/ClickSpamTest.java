package dev.millrace.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.FastPopularity;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.SettingsReader;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.shop.ShopSettings;
import dev.millrace.state.MemoryEntries;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What clicks of one user, or of many, on one item do to the answers for others. The generated shop; attribution, batches and steps as in the stream. */
class ClickSpamTest {

    private static final String TARGET = "i900";
    private static final int ASKED = 200;
    private static final int TOP = 10;
    private static final Map<String, String> NO_CAPS =
            Map.of("attribution.cap.user-item", "0", "attribution.cap.user", "0");

    /**
     * Where the item stands for other users.
     *
     * @param medianRank from 1
     * @param topShare share of the users who have it among their first ten
     */
    record Standing(double medianRank, double topShare) {}

    @Test
    void manyClicksOfOneUserMoveAnItemAsFewDo() {
        Standing before = run(20_000, Map.of(), 0, 1, 0);
        Standing after = run(20_000, Map.of(), 500, 1, 0);

        assertThat(after.medianRank).isGreaterThan(before.medianRank / 3);
        assertThat(after.topShare).isLessThan(.05);
    }

    @Test
    void theyDoNotMoveItByThePopularityTermEither() {
        Standing after = run(20_000, Map.of(), 500, 1, .5);

        assertThat(after.topShare).isLessThan(.05);
    }

    @Test
    void withoutCapsOneUserPutsAnItemFirst() { // the measurement can see it
        Standing after = run(20_000, NO_CAPS, 500, 1, 0);

        assertThat(after.medianRank).isLessThan(5);
    }

    /** Returns where the item stands after shop events and then the clicks, which go round the clickers. */
    static Standing run(int events, Map<String, String> set, int clicks, int clickers, double popularityWeight) {
        MillraceSettings settings =
                MillraceSettings.load(List.of(Path.of("config/shop.properties")), Map.of(), Map.of(), set);
        Shop shop = new Shop(settings);
        shop.open(events);
        long time = shop.time;
        for (int at = 0;
                at < clicks;
                at++) { // all are shown before the first click: the worst case, nobody has a history
            String user = "spammer" + at % clickers;
            shop.attribution.expose(new Exposure("x" + at, user, TARGET, time, 0, Features.NONE));
        }
        for (int at = 0; at < clicks; at++) {
            String user = "spammer" + at % clickers;
            shop.attribution.click(
                    new Click("s" + at, user, TARGET, Optional.of("x" + at), "click", 1, time + at, 0, Features.NONE));
            shop.learn();
        }
        shop.finish();
        return shop.standing(popularityWeight);
    }

    /** A shop's events, and what learns from them. */
    private static final class Shop implements ReplayEvent.Visitor, Attribution.Output {

        private final Trainer trainer;
        private final Attribution attribution;
        private final FastPopularity fast;
        private final SortedMap<String, UserFeatures> users = new TreeMap<>();
        private long time;

        Shop(MillraceSettings settings) {
            trainer = new Trainer(settings.trainer());
            attribution = new Attribution(settings.attribution(), new MemoryEntries(), this);
            fast = new FastPopularity(settings.trainer().fast(), 'f', id -> id);
        }

        void open(int count) {
            var events = new ShopGenerator(ShopSettings.read(new SettingsReader(Map.of())))
                    .events(bad -> {})
                    .iterator();
            for (int at = 0; at < count; at++) {
                events.next().accept(this);
                learn();
            }
        }

        void learn() {
            if (trainer.isBatchReady()) {
                finish();
            }
        }

        void finish() {
            var batch = trainer.closeBatch();
            trainer.learnUnexamined(batch);
            fast.observe(batch);
        }

        Standing standing(double popularityWeight) {
            List<String> items = trainer.items();
            List<UserFeatures> asking = users.values().stream()
                    .filter(user -> !user.user().startsWith("spammer")
                            && !user.history().isEmpty())
                    .limit(ASKED)
                    .toList();
            int dim = trainer.dim();
            float[] itemVectors = new float[items.size() * dim];
            float[] userVectors = new float[asking.size() * dim];
            trainer.vectors(items, itemVectors);
            trainer.userVectors(asking, Collections.nCopies(asking.size(), Features.NONE), userVectors);
            double[] terms = items.stream()
                    .mapToDouble(item -> popularityWeight * trainer.model().temperature() * fast.number(item, time))
                    .toArray();
            int target = items.indexOf(TARGET);
            int[] ranks = new int[asking.size()];
            for (int user = 0; user < ranks.length; user++) {
                double own = score(userVectors, user, itemVectors, target, dim) + terms[target];
                int rank = 1;
                for (int item = 0; item < items.size(); item++) {
                    rank += score(userVectors, user, itemVectors, item, dim) + terms[item] > own ? 1 : 0;
                }
                ranks[user] = rank;
            }
            java.util.Arrays.sort(ranks);
            int top = 0;
            for (int rank : ranks) {
                top += rank <= TOP ? 1 : 0;
            }
            return new Standing(ranks[ranks.length / 2], (double) top / ranks.length);
        }

        private static double score(float[] users, int user, float[] items, int item, int dim) {
            double sum = 0;
            for (int at = 0; at < dim; at++) {
                sum += users[user * dim + at] * items[item * dim + at];
            }
            return sum;
        }

        @Override
        public void item(CatalogueItem item) {
            trainer.change(new CatalogueChange.Upsert(item));
        }

        @Override
        public void profile(UserProfile profile) {
            attribution.profile(profile);
        }

        @Override
        public void exposure(Exposure exposure) {
            time = Math.max(time, exposure.time());
            attribution.expose(exposure);
        }

        @Override
        public void click(Click click) {
            time = Math.max(time, click.time());
            attribution.click(click);
        }

        @Override
        public void example(TrainingExample example) {
            trainer.add(example);
        }

        @Override
        public void userFeatures(UserFeatures user) {
            users.put(user.user(), user);
        }

        @Override
        public void userRemoved(String user) {
            users.remove(user);
        }
    }

    /** Prints the table of docs/quality.md. */
    public static void main(String[] arguments) {
        for (int clickers : List.of(1, 500)) {
            for (int clicks : clickers == 1 ? List.of(0, 10, 100, 500, 2000) : List.of(500)) {
                for (Map<String, String> set : List.of(NO_CAPS, Map.<String, String>of())) {
                    for (double weight : List.of(0.0, 0.5)) {
                        Standing standing = run(60_000, set, clicks, clickers, weight);
                        System.out.printf(
                                Locale.ROOT,
                                "%d users, %d clicks, %s, weight %.1f: median rank %.0f, in the top ten %.0f %%%n",
                                clickers,
                                clicks,
                                set.isEmpty() ? "caps" : "no caps",
                                weight,
                                standing.medianRank,
                                100 * standing.topShare);
                    }
                }
            }
        }
    }
}
