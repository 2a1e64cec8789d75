package dev.millrace.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.model.Scenes;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AnnouncedItemsTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final long HOUR = 3_600_000;

    private final BatchSettings settings = BatchSettings.read(
            new SettingsReader(Map.of("batch.size", "100", "batch.negatives", "0", "batch.max-changes", "4")));
    private final Catalogue catalogue = new Catalogue('C');
    private Batcher batcher = new Batcher(settings, catalogue, 'O', 'P');

    @Test
    void anItemComesWhenTheClockReachesItsTime() {
        clicks(TIME);
        announce("late", TIME - HOUR);
        announce("now", TIME);
        announce("soon", TIME + 1);

        assertThat(ids(batcher.close())).containsExactly("late", "now", "clicked");
        assertThat(batcher.announced()).isEqualTo(1);
        assertThat(batcher.isEmpty()).isTrue();
        clicks(TIME + 1);
        MiniBatch batch = batcher.close();

        assertThat(ids(batch)).containsExactly("soon");
        assertThat(batch.clock()).isEqualTo(TIME + 1);
        assertThat(batcher.announced()).isZero();
    }

    @Test
    void whatIsAnnouncedInAnyOrderComesInTheOrderOfTimes() {
        clicks(TIME);
        batcher.close();
        announce("third", TIME + 3);
        announce("second", TIME + 2);
        announce("and as early", TIME + 2);
        announce("first", TIME + 1);

        batcher.reach(TIME + 2);
        assertThat(ids(batcher.close())).containsExactly("first", "second", "and as early");
        batcher.reach(TIME + 3);
        assertThat(ids(batcher.close())).containsExactly("third");
    }

    @Test
    void theLatestAnnouncementOfAnItemCountsWhateverItsTime() {
        clicks(TIME);
        batcher.close();
        announce("postponed", TIME + 1);
        announce("postponed", TIME + 5);
        announce("brought forward", TIME + 5);
        announce("brought forward", TIME);

        assertThat(ids(batcher.close())).containsExactly("brought forward");
        batcher.reach(TIME + 4);
        assertThat(batcher.isEmpty()).isTrue();
        batcher.reach(TIME + 5);
        assertThat(ids(batcher.close())).containsExactly("postponed");
        assertThat(batcher.openChanges()).isZero();
    }

    @Test
    void anItemThatIsRemovedBeforeItsTimeDoesNotCome() {
        clicks(TIME);
        batcher.close();
        announce("gone", TIME + 1);
        batcher.change(new CatalogueChange.Removal("gone", TIME));
        batcher.close();

        batcher.reach(TIME + HOUR);

        assertThat(batcher.isEmpty()).isTrue();
        assertThat(catalogue.contains("gone")).isFalse();
    }

    @Test
    void itemsKeepFeaturesUntilNewOnesAreDue() {
        clicks(TIME);
        announce(item("a", TIME, "red"));
        batcher.close();
        announce(item("a", TIME + HOUR, "blue"));
        batcher.close();
        assertThat(catalogue.features("a")).isEqualTo(item("a", TIME, "red").features());

        batcher.reach(TIME + HOUR);
        batcher.close();

        assertThat(catalogue.features("a")).isEqualTo(item("a", TIME, "blue").features());
    }

    @Test
    void aClickBringsAnItemBeforeItsTime() {
        clicks(TIME);
        announce(item("early", TIME + HOUR, "red"));
        batcher.add(Scenes.click("ann", "early", TIME));

        MiniBatch batch = batcher.close();

        assertThat(batch.catalogue())
                .contains(new CatalogueChange.Upsert(item("early", TIME + HOUR, "red")))
                .allMatch(change ->
                        change.itemId().equals("early") || change.itemId().equals("clicked"));
        assertThat(batcher.announced()).isZero();
    }

    @Test
    void aClickThatHardlyCountsBringsOneThatIsDueAndNoOther() {
        clicks(TIME);
        for (int number = 0; number < 5; number++) { // one more than a batch takes
            announce("due" + number, TIME + 1);
        }
        announce("early", TIME + HOUR);
        batcher.reach(TIME + 1);
        batcher.add(Scenes.weighing(1e-9, Scenes.click("ann", "due4", TIME)));
        batcher.add(Scenes.weighing(1e-9, Scenes.click("ann", "early", TIME)));

        assertThat(ids(batcher.close())).containsExactly("due0", "due1", "due2", "due3", "due4", "clicked");
    }

    @Test
    void oneFastClientBringsNothing() {
        clicks(TIME);
        announce("tomorrow", TIME + 24 * HOUR);

        for (int click = 0; click < 50; click++) {
            batcher.add(Scenes.click("fast", "clicked", TIME + 48 * HOUR));
        }

        assertThat(ids(batcher.close())).containsExactly("clicked");
        assertThat(batcher.clock()).isEqualTo(TIME);
    }

    @Test
    void theClockIsTheLaterOfUsersAndWallAndNeverGoesBack() {
        clicks(TIME);
        assertThat(batcher.isOnTime()).isFalse();
        batcher.reach(TIME + HOUR);
        batcher.reach(TIME + 1);
        assertThat(batcher.clock()).isEqualTo(TIME + HOUR);
        assertThat(batcher.isOnTime()).isTrue();

        clicks(TIME + 2 * HOUR);

        assertThat(batcher.clock()).isEqualTo(TIME + 2 * HOUR);
        assertThat(batcher.isOnTime()).isFalse();
    }

    @Test
    void aForgottenUserHasNoVoice() {
        batcher.add(Scenes.click("ann", "clicked", TIME));
        batcher.add(Scenes.click("ben", "clicked", TIME));
        batcher.add(Scenes.click("cat", "clicked", TIME + HOUR));
        batcher.removeUser("ann");
        batcher.removeUser("ben");

        batcher.add(Scenes.click("dan", "clicked", TIME + HOUR));

        assertThat(batcher.clock()).isEqualTo(TIME + HOUR); // two of two, not two of four
    }

    @Test
    void anItemThatNobodyAnnouncedDoesNotWait() {
        clicks(TIME);
        batcher.change(
                new CatalogueChange.Upsert(new CatalogueItem("found", TIME + HOUR, Features.NONE)).unannounced());

        assertThat(ids(batcher.close())).containsExactly("found", "clicked");
    }

    @Test
    void itemsBeforeTheFirstClickComeAtOnce() {
        announce("of today", TIME + 1000 * HOUR);
        announce("tomorrow", TIME + 1024 * HOUR);
        batcher.reach(TIME + 1001 * HOUR);

        MiniBatch batch = batcher.close();
        assertThat(ids(batch)).containsExactly("of today");
        assertThat(batch.clock()).isZero();
        clicks(TIME);
        announce("of the log", TIME + HOUR);

        assertThat(ids(batcher.close())).containsExactly("clicked");
        assertThat(batcher.clock()).isEqualTo(TIME);
    }

    @Test
    void moreThanABatchTakesComesWithTheNextOnes() {
        clicks(TIME);
        batcher.close();
        IntStream.range(0, 9).forEach(number -> announce("i" + number, TIME + 1));
        batcher.reach(TIME + 1);

        List<Integer> sizes = new ArrayList<>();
        while (!batcher.isEmpty()) {
            assertThat(batcher.isFull(false)).isEqualTo(sizes.size() < 2);
            sizes.add(batcher.close().catalogue().size());
        }

        assertThat(sizes).containsExactly(4, 4, 1);
    }

    @Test
    void whatWaitsAndTheClockOutliveARestart() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        clicks(TIME);
        announce(item("kept", TIME + 1, "red"));
        announce("changed", TIME + 1);
        announce("removed", TIME + 1);
        batcher.drainDirty(EntrySink.into(stored));
        announce(item("changed", TIME + 2, "blue"));
        batcher.change(new CatalogueChange.Removal("removed", TIME));
        batcher.drainDirty(EntrySink.into(stored));

        batcher = new Batcher(settings, catalogue, 'O', 'P');
        stored.forEach(batcher::restore);

        assertThat(batcher.clock()).isEqualTo(TIME);
        assertThat(batcher.announced()).isEqualTo(2);
        batcher.close();
        batcher.reach(TIME + 2);
        assertThat(batcher.close().catalogue())
                .containsExactly(
                        new CatalogueChange.Upsert(item("kept", TIME + 1, "red")),
                        new CatalogueChange.Upsert(item("changed", TIME + 2, "blue")));
        batcher.drainDirty(EntrySink.into(stored));
        assertThat(stored.keySet()).noneMatch(key -> key[0] == 'O' && key[1] == 3);
    }

    @Test
    void aClockThatTheWallMovedOutlivesARestart() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        clicks(TIME);
        batcher.reach(TIME + HOUR);
        batcher.drainDirty(EntrySink.into(stored));

        batcher = new Batcher(settings, catalogue, 'O', 'P');
        stored.forEach(batcher::restore);

        assertThat(batcher.clock()).isEqualTo(TIME + HOUR);
    }

    @Test
    void whatIsMoreThanAWeekAheadIsFar() {
        clicks(TIME);
        batcher.close();
        announce("tomorrow", TIME + 24 * HOUR);
        announce("never", 4_070_908_800_000L); // 2099

        assertThat(batcher.farShare()).isEqualTo(1.0 / 3); // one is there
    }

    /** Of ten users, at one time. */
    private void clicks(long time) {
        IntStream.range(0, 10).forEach(user -> batcher.add(Scenes.click("user" + user, "clicked", time)));
    }

    private void announce(String id, long time) {
        announce(new CatalogueItem(id, time, Features.NONE));
    }

    private void announce(CatalogueItem item) {
        batcher.change(new CatalogueChange.Upsert(item));
    }

    private static CatalogueItem item(String id, long time, String colour) {
        return new CatalogueItem(id, time, Features.of(Map.of("colour", new FeatureValue.Category(colour))));
    }

    private static List<String> ids(MiniBatch batch) {
        return batch.catalogue().stream().map(CatalogueChange::itemId).toList();
    }
}
