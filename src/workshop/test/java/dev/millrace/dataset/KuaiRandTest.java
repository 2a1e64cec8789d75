package dev.millrace.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.BadRows;
import dev.millrace.replay.EventsByKind;
import dev.millrace.replay.RealData;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.InvalidSettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KuaiRandTest {

    private static final String LOG_HEADER = "user_id,video_id,time_ms,is_click,is_like,long_view,play_time_ms,tab\n";
    private static final String USERS =
            """
            user_id,user_active_degree,follow_user_num,follow_user_num_range,onehot_feat4
            7,full_active,9,"(0,10]",
            """;
    private static final String VIDEOS =
            """
            video_id,author_id,video_type,upload_dt,upload_type,video_duration,server_width,server_height,music_id,music_type,tag
            1,50,NORMAL,2022-04-10,Web,20000.0,720.0,1280.0,0,,"39,3"
            2,51,AD,2022-04-10,Web,,1280,720,8,9.0,
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    @Test
    void rowBecomesAnExposureAndAClick() throws IOException {
        write("7,1,1650812741436,1,0,1,2500,4\n");

        List<ReplayEvent> events = events(List.of("click"));

        // 1650812741436 is 2022-04-24T15:05:41Z, 23:05 in Shanghai
        Exposure exposure = EventsByKind.exposures(events).get(0);
        assertThat(exposure.context().values())
                .containsEntry("tab", new FeatureValue.Category("4"))
                .containsEntry("hour", new FeatureValue.Category("23"));
        Click click = EventsByKind.clicks(events).get(0);
        assertThat(click.exposure()).contains(exposure.id());
        assertThat(click.time()).isEqualTo(exposure.time() + 1_000);
        assertThat(click.action()).isEqualTo("click");
        assertThat(click.id()).isNotEqualTo(exposure.id());
        assertThat(click.context().value("play_time")).contains(new FeatureValue.Quantity(2.5));
        assertThat(exposure.context().values()).doesNotContainKey("play_time");
    }

    @Test
    void chosenFlagsBecomeActionsOfTheirOwn() throws IOException {
        write("7,1,1650812741436,1,0,1,2500,4\n7,2,1650812741437,0,1,0,2500,4\n");

        List<ReplayEvent> events = events(List.of("long-view", "like"));

        assertThat(EventsByKind.clicks(events)).extracting(Click::action).containsExactly("long-view", "like");
    }

    @Test
    void clicksAreLongOrShort() throws IOException {
        write("7,1,1650812741436,1,0,1,60000,4\n7,2,1650812741437,1,0,1,59999,4\n7,2,1650812741438,0,0,1,60000,4\n");

        List<ReplayEvent> events = events(List.of("short-click", "long-click"));

        assertThat(EventsByKind.clicks(events)).extracting(Click::action).containsExactly("long-click", "short-click");
    }

    @Test
    void onlyRowsThatRepeatExactlyShareAnId() throws IOException {
        write("7,1,1650812741436,1,0,1,2500,4\n7,1,1650812741436,1,0,1,2500,4\n7,1,1650812741436,1,0,0,2500,4\n");

        List<Exposure> exposures = EventsByKind.exposures(events(List.of("click")));

        assertThat(exposures).hasSize(3);
        assertThat(exposures.get(1)).isEqualTo(exposures.get(0));
        assertThat(exposures.get(2).id()).isNotEqualTo(exposures.get(0).id());
    }

    @Test
    void featuresAreReadAndEmptyOnesAreAbsent() throws IOException {
        write("7,1,1650812741436,1,0,1,2500,4\n");

        List<ReplayEvent> events = events(List.of("click"));

        List<CatalogueItem> items = EventsByKind.items(events);
        // 10 April 2022 is day 19092, and began in Shanghai at 2022-04-09T16:00Z
        assertThat(items.get(0).features().values())
                .containsEntry("upload_day", new FeatureValue.Quantity(19_092))
                .containsEntry("uploaded", new FeatureValue.Quantity(1_649_520_000_000.0))
                .containsEntry("tag", new FeatureValue.Bag(List.of("39", "3")))
                .containsEntry("duration", new FeatureValue.Quantity(Math.log(20)))
                .containsEntry("duration_bucket", new FeatureValue.Category("below 30 s"))
                .containsEntry("shape", new FeatureValue.Category("upright"))
                .doesNotContainKeys("music", "music_type");
        assertThat(items.get(1).features().values()).doesNotContainKeys("tag", "duration", "duration_bucket");
        assertThat(EventsByKind.profiles(events)).singleElement().satisfies(profile -> {
            assertThat(profile.features().values())
                    .containsEntry("follow_user_num", new FeatureValue.Quantity(Math.log(10)))
                    .containsEntry("follow_user_num_range", new FeatureValue.Category("(0,10]"))
                    .doesNotContainKey("onehot_feat4");
        });
    }

    @Test
    void severalLogsAreMergedByTime() throws IOException {
        write("7,1,1650812740000,0,0,0,2500,4\n7,1,1650812760000,0,0,0,2500,4\n");
        Files.writeString(folder.resolve("log_standard_b.csv"), LOG_HEADER + "7,2,1650812750000,0,0,0,2500,4\n");

        List<Exposure> exposures = EventsByKind.exposures(events(List.of("click")));

        assertThat(exposures).extracting(Exposure::item).containsExactly("1", "2", "1");
    }

    @Test
    void badRowsAreReportedAndTheOthersKept() throws IOException {
        write(
                """
                7,1,soon,1,0,1,2500,4
                7,,1650812741436,1,0,1,2500,4
                7,1,1650812741436,maybe,0,1,2500,4
                7,1
                7,1,1650812,0,0,0,2500,4
                7,1,1650812741436,0,0,1,2500,4
                """);
        BadRows bad = new BadRows(10);

        List<Exposure> exposures =
                EventsByKind.exposures(EventsByKind.all(new KuaiRand(folder, List.of("click")), bad));

        assertThat(exposures).hasSize(1);
        assertThat(bad.count()).isEqualTo(5);
        assertThat(bad.first()).extracting(BadRow::line).containsExactly(2L, 3L, 4L, 5L, 6L);
        assertThat(bad.first().get(0)).hasToString("log_standard_a.csv:2: time_ms = soon: must be a number");
    }

    @Test
    void everyFaultOfTheChoiceIsReportedTogether() {
        assertThatThrownBy(() -> new KuaiRand(folder, List.of("click", "stare", "nod")))
                .isInstanceOfSatisfying(InvalidSettingsException.class, thrown -> assertThat(thrown.faults())
                        .hasSize(3));
    }

    @Test
    void theWholeSetHasTheFactsThatAreKnownOfIt() {
        Path data = RealData.folder("kuairand-pure");
        BadRows bad = new BadRows(5);

        List<ReplayEvent> events = EventsByKind.all(new KuaiRand(data, List.of("click")), bad);

        assertThat(bad.first()).isEmpty();
        List<Exposure> exposures = EventsByKind.exposures(events);
        assertThat(exposures).hasSize(228_329);
        assertThat(exposures.stream().map(Exposure::id).distinct()).hasSize(228_329 - 5_460);
        assertThat(exposures.stream().map(Exposure::user).distinct()).hasSize(25_156);
        assertThat(exposures.stream().map(Exposure::item).distinct()).hasSize(6_361);
        assertThat(EventsByKind.clicks(events)).hasSize(100_900);
        assertThat(EventsByKind.items(events)).hasSize(7_583);
        assertThat(EventsByKind.profiles(events)).hasSize(27_285);
        assertThat(events).extracting(ReplayEvent::time).isSorted();
    }

    private void write(String rows) throws IOException {
        Files.writeString(folder.resolve("log_standard_a.csv"), LOG_HEADER + rows);
        Files.writeString(folder.resolve("user_features_pure.csv"), USERS);
        Files.writeString(folder.resolve("video_features_basic_pure.csv"), VIDEOS);
    }

    private List<ReplayEvent> events(List<String> actions) {
        return EventsByKind.all(new KuaiRand(folder, actions), row -> {
            throw new AssertionError(row);
        });
    }
}
