package dev.millrace.stream;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.model.Scenes;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.train.Figure;
import dev.millrace.train.TrainingProgress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a learner's announced items come: with its examples or, in a live stream, with the wall clock. */
class ItemArrivalsTest {

    private static final Duration LONG = Duration.ofMinutes(5);

    private final long now = System.currentTimeMillis(); // when the driver's clock begins
    private final LearnerDriver driver;

    ItemArrivalsTest(@TempDir Path state) {
        driver = LearnerDriver.learning(state);
    }

    @Test
    void aShopWithoutClicksHasItsItemsAtTheirTime() {
        announce("at once", now);
        announce("embargo", now + LONG.toMillis());

        passes(Duration.ofSeconds(6));
        assertThat(published()).containsExactly("at once");
        passes(LONG.minusSeconds(7));
        assertThat(published()).isEmpty();
        passes(Duration.ofSeconds(3));

        assertThat(published()).contains("embargo");
        assertThat(progress().items()).isEqualTo(2);
    }

    @Test
    void aLiveStreamHasANewItemWithTheNextBatch() {
        click("ann", now);
        passes(LearnerDriver.MAX_WAIT);
        published();

        announce("new", now);
        passes(LearnerDriver.MAX_WAIT);

        assertThat(published()).contains("new");
    }

    @Test
    void nearerAnnouncementsDoNotWaitForLaterOnes() {
        click("ann", now);
        announce("later", now + LONG.toMillis());
        announce("sooner", now + 2_000);
        passes(Duration.ofSeconds(3));

        assertThat(published()).contains("sooner").doesNotContain("later");
    }

    @Test
    void idleStartsLeaveOldLogsTheirItems() {
        announce("first", T0);
        passes(LONG);
        assertThat(published()).containsExactly("first");

        click("ann", T0);
        announce("tomorrow", T0 + Duration.ofDays(1).toMillis());
        passes(LONG);

        assertThat(published()).contains("clicked").doesNotContain("tomorrow");
    }

    @Test
    void oldLogsThatStopHaveItemsInTime() {
        click("ann", T0);
        click("bob", T0);
        announce("tomorrow", T0 + Duration.ofDays(1).toMillis());

        passes(Duration.ofDays(2));
        assertThat(published()).isNotEmpty().doesNotContain("tomorrow");
        TrainingProgress progress = progress();
        assertThat(progress.figure(Figure.ANNOUNCED)).isEqualTo(1);
        assertThat(progress.figure(Figure.CLOCK)).isEqualTo(T0 / 1e3);
        click("ann", T0 + Duration.ofDays(1).toMillis());
        click("bob", T0 + Duration.ofDays(1).toMillis());
        passes(LearnerDriver.MAX_WAIT);

        assertThat(published()).contains("tomorrow");
        assertThat(progress().figure(Figure.ANNOUNCED)).isZero();
    }

    private void announce(String id, long time) {
        driver.send(new CatalogueChange.Upsert(new CatalogueItem(id, time, Features.NONE)));
    }

    private void click(String user, long time) {
        driver.send(Scenes.click(user, "clicked", time));
    }

    /** In steps, as a timer of Kafka is called once in each. */
    private void passes(Duration time) {
        long steps = Math.min(time.toMillis() / 100, 5_000);
        for (long step = 0; step < steps; step++) {
            driver.advanceWallClockTime(time.dividedBy(steps));
        }
    }

    private List<String> published() {
        return driver.embeddings().stream()
                .filter(embedding -> embedding.vector().isPresent())
                .map(ItemEmbedding::item)
                .distinct()
                .toList();
    }

    private TrainingProgress progress() {
        return driver.lastProgress().training().orElseThrow();
    }
}
