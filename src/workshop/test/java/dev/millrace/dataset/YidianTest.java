package dev.millrace.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.BadRows;
import dev.millrace.replay.EventsByKind;
import dev.millrace.replay.RealData;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.InvalidSettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class YidianTest {

    private static final Path FIXTURE = Path.of("src/workshop/test/resources/replay/yidian");
    private static final long FIRST_DAY = 1_624_464_000_000L; // 2021-06-24, midnight in Shanghai
    private static final long HOUR = 3_600_000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    @Test
    void rowBecomesAnExposureAndAClick() {
        List<ReplayEvent> events = events(FIXTURE, new BadRows(0));

        Click click = EventsByKind.clicks(events).get(0);
        Exposure exposure = EventsByKind.exposures(events).stream()
                .filter(shown -> shown.item().equals("900002"))
                .findFirst()
                .orElseThrow();
        assertThat(click.exposure()).contains(exposure.id());
        assertThat(click.time()).isEqualTo(FIRST_DAY + HOUR + 1_000);
        assertThat(exposure.time()).isEqualTo(FIRST_DAY + HOUR);
        assertThat(exposure.context().values())
                .containsEntry("network", new FeatureValue.Category("5"))
                .containsEntry("refresh", new FeatureValue.Quantity(0))
                .containsEntry("position", new FeatureValue.Quantity(13))
                .containsEntry("hour", new FeatureValue.Category("1"));
    }

    @Test
    void usersHaveTheMostProbableAgeAndGender() {
        List<ReplayEvent> events = events(FIXTURE, new BadRows(0));

        Map<String, UserProfile> users = profiles(events);
        assertThat(users.get("7001"))
                .satisfies(user -> assertThat(user.features().values())
                        .containsEntry("age", new FeatureValue.Category("A_0_24"))
                        .containsEntry("gender", new FeatureValue.Category("male"))
                        .containsEntry("device", new FeatureValue.Category("M2007J22C"))
                        .containsEntry("city", new FeatureValue.Category("南昌")));
        // female:0.5,male:0.5
        assertThat(users.get("7002"))
                .satisfies(user -> assertThat(user.features().values())
                        .containsEntry("age", new FeatureValue.Category("A_40+"))
                        .containsEntry("gender", new FeatureValue.Category("female")));
    }

    @Test
    void articlesHaveTitleLengthAndHeaviestKeywords() {
        List<ReplayEvent> events = events(FIXTURE, new BadRows(0));

        Map<String, CatalogueItem> articles = articles(events);
        // 图书馆:2.5,山村:3.75,孩子:0.5
        assertThat(articles.get("900001"))
                .satisfies(article -> assertThat(article.features().values())
                        .containsEntry("title", new FeatureValue.Category("山村里的新图书馆"))
                        .containsEntry("title_length", new FeatureValue.Quantity(8))
                        .containsEntry("pictures", new FeatureValue.Quantity(3))
                        .containsEntry("category", new FeatureValue.Category("社会"))
                        .containsEntry("sub_category", new FeatureValue.Category("社会/乡村"))
                        .containsEntry("keywords", new FeatureValue.Bag(List.of("山村", "图书馆", "孩子"))));
        // 地铁:9,四号线:8.5,12:30:7, a word with a colon of its own
        assertThat(articles.get("900004"))
                .satisfies(article -> assertThat(article.features().values())
                        .containsEntry("keywords", new FeatureValue.Bag(List.of("地铁", "四号线", "12:30"))));
    }

    @Test
    void onlyAMissingCategoryIsReplaced() {
        List<ReplayEvent> events = events(FIXTURE, new BadRows(0));

        for (String article : List.of("900003", "900008")) { // of which one says "nan"
            assertThat(articles(events).get(article))
                    .satisfies(of -> assertThat(of.features().values())
                            .containsEntry("category", new FeatureValue.Category("其他")));
        }
        assertThat(articles(events).get("900005"))
                .satisfies(of -> assertThat(of.features().values()).containsOnlyKeys("category", "sub_category"));
        assertThat(profiles(events).get("7003"))
                .satisfies(user -> assertThat(user.features().values()).isEmpty());
    }

    @Test
    void anExposureBeforeItsArticleIsLeftOut() {
        BadRows bad = new BadRows(10);

        List<ReplayEvent> events = events(FIXTURE, bad);

        // 900003 was made at 10:00 of the first day; it is in the log for 09:00 and for 12:00
        assertThat(EventsByKind.exposures(events))
                .filteredOn(shown -> shown.item().equals("900003"))
                .extracting(Exposure::time)
                .containsExactly(FIRST_DAY + 12 * HOUR);
        assertThat(bad.first())
                .extracting(BadRow::toString)
                .contains("train_data_5w.csv:6: expo_time = 1624496400000:"
                        + " must not be before the article's ctime, 1624500000000");
        // 900004 is shown in the very millisecond in which it was made
        assertThat(EventsByKind.exposures(events))
                .filteredOn(shown -> shown.item().equals("900004"))
                .hasSize(1);
    }

    @Test
    void badRowsAreReportedAndAllOthersKept() {
        BadRows bad = new BadRows(10);

        List<ReplayEvent> events = events(FIXTURE, bad);

        // 12 rows and two bad ones, one of the twelve before its article was made
        assertThat(EventsByKind.exposures(events)).hasSize(11);
        assertThat(EventsByKind.clicks(events)).hasSize(8);
        assertThat(bad.first())
                .extracting(BadRow::toString)
                .containsExactly(
                        "doc_info.txt:7: ctime = Android: must be a number",
                        "user_info_data_5w.csv:5: age = A_0_24=0.4: must be bucket:probability, comma-separated",
                        "train_data_5w.csv:6: expo_time = 1624496400000: must not be before the article's ctime,"
                                + " 1624500000000",
                        "train_data_5w.csv:14: expo_time = tomorrow: must be a number",
                        "train_data_5w.csv:15: click = perhaps: must be a flag such as 0, 1, true, false");
    }

    @Test
    void anArticleComesWhenMadeOrFirstSeen() {
        List<ReplayEvent> events = events(FIXTURE, new BadRows(0));

        Map<String, CatalogueItem> articles = articles(events);
        assertThat(Objects.requireNonNull(articles.get("900004")).time()).isEqualTo(FIRST_DAY + 48 * HOUR);
        assertThat(Objects.requireNonNull(articles.get("900001")).time()).isEqualTo(FIRST_DAY + HOUR - 1);
        assertThat(Objects.requireNonNull(articles.get("900999")).features().values())
                .isEmpty();
        assertThat(events).isSortedAccordingTo((left, right) -> Long.compare(left.time(), right.time()));
    }

    @Test
    void aMissingFileOrColumnIsToldByName() throws IOException {
        assertThatThrownBy(() -> new Yidian(folder))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("must be a folder that holds train_data_5w.csv or train_data_5w.csv.gz");

        Files.writeString(folder.resolve("train_data_5w.csv"), "\tuser_id\titem\texpo_time\tclick\n");

        assertThatThrownBy(() -> new Yidian(folder))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("must have the columns article_id");
    }

    /** The sample has log and users side by side; written into the files of the tutorial, its facts must come out. */
    @Test
    void theRealSampleHasTheFactsThatAreKnownOfIt() throws IOException {
        Path sample = RealData.folder("yidian-sample").resolve("yidian_news_sampled.csv");
        List<String[]> rows =
                Files.readAllLines(sample).stream().map(line -> line.split(",")).toList();
        StringBuilder log =
                new StringBuilder("\tuser_id\tarticle_id\texpo_time\tnet_status\tflush_nums\texpo_position\tclick\n");
        Map<String, String> users = new LinkedHashMap<>();
        for (String[] row : rows.subList(1, rows.size())) {
            log.append(String.join("\t", List.of(row).subList(0, 8))).append('\n');
            String age = String.format("A_0_24:%s,A_25_29:%s,A_30_39:%s,A_40+:%s", row[12], row[13], row[14], row[15]);
            String gender = String.format("female:%s,male:%s", row[16], row[17]);
            users.put(row[1], String.join("\t", "0", row[1], row[8], row[9], row[10], row[11], age, gender));
        }
        Files.writeString(folder.resolve("train_data_5w.csv"), log);
        Files.writeString(
                folder.resolve("user_info_data_5w.csv"),
                "\tuser_id\tdevice\tos\tprovince\tcity\tage\tgender\n" + String.join("\n", users.values()) + "\n");
        Files.writeString(folder.resolve("doc_info.txt"), "");
        BadRows bad = new BadRows(5);

        List<ReplayEvent> events = events(folder, bad);

        assertThat(bad.first()).isEmpty();
        assertThat(EventsByKind.exposures(events)).hasSize(1_000);
        assertThat(EventsByKind.clicks(events)).hasSize(110);
        assertThat(profiles(events)).hasSize(2);
        assertThat(articles(events)).hasSize(979);
    }

    private static List<ReplayEvent> events(Path data, BadRows bad) {
        return EventsByKind.all(new Yidian(data), bad);
    }

    private static Map<String, CatalogueItem> articles(List<ReplayEvent> events) {
        return EventsByKind.items(events).stream()
                .collect(Collectors.toMap(CatalogueItem::item, Function.identity(), (first, second) -> second));
    }

    private static Map<String, UserProfile> profiles(List<ReplayEvent> events) {
        return EventsByKind.profiles(events).stream().collect(Collectors.toMap(UserProfile::user, Function.identity()));
    }
}
