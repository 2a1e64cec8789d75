package dev.millrace.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.FeatureValue.Bag;
import dev.millrace.event.FeatureValue.Category;
import dev.millrace.event.FeatureValue.Quantity;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.BadRows;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.EventsByKind;
import dev.millrace.replay.RealData;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What mappings of data sets make of their files; {@code MappedLogTest} has what holds of every mapping. */
class DataSetsTest {

    private static final Path YIDIAN = Path.of("src/workshop/test/resources/replay/yidian");
    private static final long FIRST_DAY = 1_624_464_000_000L; // 2021-06-24, midnight in Shanghai
    private static final long HOUR = 3_600_000;
    private static final String ACTIONS = "replay.kuairand.actions";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    @Test
    void aRowOfKuaiRandIsAnExposureAndItsFlags() throws IOException {
        writeKuaiRand("7,1,1650812741436,1,1,1,2500,4\n7,2,1650812741437,0,1,0,2500,4\n");

        List<ReplayEvent> events = read(DataSets.KUAIRAND, Map.of(ACTIONS, "long-view,like,click"));

        // 1650812741436 is 2022-04-24T15:05:41Z, 23:05 in Shanghai
        Exposure exposure = EventsByKind.exposures(events).get(0);
        assertThat(exposure.context().values()).isEqualTo(Map.of("tab", new Category("4"), "hour", new Category("23")));
        List<Click> clicks = EventsByKind.clicks(events);
        assertThat(clicks).extracting(Click::action).containsExactly("long-view", "like", "click", "like");
        assertThat(clicks).extracting(Click::id).doesNotHaveDuplicates().doesNotContain(exposure.id());
        assertThat(clicks.get(0).exposure()).contains(exposure.id());
        assertThat(clicks.get(0).time()).isEqualTo(exposure.time() + 1_000);
        assertThat(clicks.get(0).context().value("play_time")).contains(new Quantity(2.5));
    }

    @Test
    void clicksOfKuaiRandAreLongOrShort() throws IOException {
        writeKuaiRand(
                "7,1,1650812741436,1,0,1,60000,4\n7,2,1650812741437,1,0,1,59999,4\n7,2,1650812741438,0,0,1,60000,4\n");

        List<ReplayEvent> events = read(DataSets.KUAIRAND, Map.of(ACTIONS, "short-click,long-click"));

        assertThat(EventsByKind.clicks(events)).extracting(Click::action).containsExactly("long-click", "short-click");
    }

    @Test
    void onlyRowsThatRepeatExactlyShareAnId() throws IOException {
        writeKuaiRand(
                "7,1,1650812741436,1,0,1,2500,4\n7,1,1650812741436,1,0,1,2500,4\n7,1,1650812741436,1,0,0,2500,4\n");

        List<Exposure> exposures = EventsByKind.exposures(read(DataSets.KUAIRAND, Map.of()));

        assertThat(exposures).hasSize(3);
        assertThat(exposures.get(1)).isEqualTo(exposures.get(0));
        assertThat(exposures.get(2).id()).isNotEqualTo(exposures.get(0).id());
    }

    @Test
    void kuaiRandsEmptyFeaturesAreAbsent() throws IOException {
        writeKuaiRand("7,1,1650812741436,1,0,1,2500,4\n");

        List<ReplayEvent> events = read(DataSets.KUAIRAND, Map.of());

        List<CatalogueItem> items = EventsByKind.items(events);
        // 10 April 2022 is day 19092, and began in Shanghai at 2022-04-09T16:00Z
        assertThat(items.get(0).features().values())
                .containsEntry("author", new Category("50"))
                .containsEntry("upload_day", new Quantity(19_092))
                .containsEntry("uploaded", new Quantity(1_649_520_000_000.0))
                .containsEntry("tag", new Bag(List.of("39", "3")))
                .containsEntry("duration", new Quantity(Math.log(20)))
                .containsEntry("duration_bucket", new Category("below 30 s"))
                .containsEntry("shape", new Category("upright"))
                .doesNotContainKeys("music", "music_type");
        assertThat(items.get(1).features().values())
                .containsEntry("music", new Category("8"))
                .doesNotContainKeys("tag", "duration", "duration_bucket");
        assertThat(only(EventsByKind.profiles(events)).features().values())
                .isEqualTo(Map.of(
                        "user_active_degree", new Category("full_active"),
                        "follow_user_num", new Quantity(Math.log(10)),
                        "follow_user_num_range", new Category("(0,10]")));
    }

    @Test
    void kuaiRandsBadRowsAreLeftOut() throws IOException {
        writeKuaiRand(
                """
                7,1,soon,1,0,1,2500,4
                7,,1650812741436,1,0,1,2500,4
                7,1,1650812741436,maybe,0,1,2500,4
                7,1
                7,1,1650812,0,0,0,2500,4
                7,1,1650812741436,0,0,1,2500,4
                """);
        BadRows bad = new BadRows(10);

        assertThat(EventsByKind.exposures(read(DataSets.KUAIRAND, folder, Map.of(), bad)))
                .hasSize(1);
        assertThat(bad.first()).extracting(BadRow::line).containsExactly(2L, 3L, 4L, 5L, 6L);
        assertThat(bad.first().get(0)).hasToString("log_standard_a.csv:2: time_ms = soon: must be a number");
    }

    @Test
    void eachUnknownActionIsAFault() {
        SettingsReader reader = new SettingsReader(Map.of(ACTIONS, "click,stare,nod"));
        List<Object> unused = DataSets.settings(reader);

        assertThatThrownBy(reader::finish)
                .isInstanceOfSatisfying(InvalidSettingsException.class, thrown -> assertThat(thrown.faults())
                        .hasSize(2));
    }

    @Test
    void movieLensFilmsAndUsersHaveFeatures() throws IOException {
        Files.writeString(folder.resolve("u.data"), "1\t2\t5\t881250950\n1\t1\t3\t881250949\n");
        Files.writeString(
                folder.resolve("u.item"),
                "1|Mis\u00e9rables (1995)|01-Jan-1995||http://x|0|1|0|0|0|1" + "|0".repeat(13) + "\n2|unknown||||1"
                        + "|0".repeat(18) + "\n",
                StandardCharsets.ISO_8859_1);
        Files.writeString(folder.resolve("u.user"), "1|24|M|technician|85711\n");

        List<ReplayEvent> events = read(DataSets.MOVIELENS, Map.of("replay.movielens.min-rating", "4"));

        assertThat(EventsByKind.exposures(events)).isEmpty();
        Click click = only(EventsByKind.clicks(events));
        assertThat(click.item()).isEqualTo("2");
        assertThat(click.time()).isEqualTo(881_250_950_000L);
        List<CatalogueItem> films = EventsByKind.items(events);
        assertThat(films.get(0).features().values())
                .isEqualTo(Map.of(
                        "title", new Category("Mis\u00e9rables"),
                        "genres", new Bag(List.of("Action", "Comedy")),
                        "year", new Category("1995"),
                        "decade", new Category("1990s")));
        assertThat(films.get(1).features().values()).isEmpty();
        assertThat(only(EventsByKind.profiles(events)).features().values())
                .containsEntry("age", new Quantity(24))
                .containsEntry("age_group", new Category("20s"))
                .containsEntry("zip_area", new Category("8"));
    }

    @Test
    void quotedTitlesGiveTitleGenresAndYear() throws IOException {
        Files.writeString(folder.resolve("ratings.csv"), "userId,movieId,rating,timestamp\r\n1,11,4.5,964982703\r\n");
        Files.writeString(
                folder.resolve("movies.csv"),
                """
                movieId,title,genres\r
                11,"American President, The (1995)",Comedy|Drama\r
                12,Babylon 5,(no genres listed)\r
                """);

        List<CatalogueItem> films = EventsByKind.items(read(DataSets.MOVIELENS, Map.of()));

        assertThat(films.get(0).features().values())
                .containsEntry("title", new Category("American President, The"))
                .containsEntry("genres", new Bag(List.of("Comedy", "Drama")))
                .containsEntry("year", new Category("1995"));
        assertThat(films.get(1).features().values()).isEqualTo(Map.of("title", new Category("Babylon 5")));
    }

    @Test
    void aRowOfYidianIsAnExposureAndAClick() {
        List<ReplayEvent> events = read(DataSets.YIDIAN, YIDIAN, Map.of(), new BadRows(0));

        Click click = EventsByKind.clicks(events).get(0);
        assertThat(click.time()).isEqualTo(FIRST_DAY + HOUR + 1_000);
        assertThat(click.context().values())
                .isEqualTo(Map.of(
                        "network", new Category("5"),
                        "refresh", new Quantity(0),
                        "position", new Quantity(13),
                        "hour", new Category("1")));
    }

    @Test
    void yidiansUsersHaveTheMostProbableAgeAndGender() {
        List<ReplayEvent> events = read(DataSets.YIDIAN, YIDIAN, Map.of(), new BadRows(0));

        assertThat(user(events, "7001"))
                .containsEntry("age", new Category("A_0_24"))
                .containsEntry("gender", new Category("male"))
                .containsEntry("device", new Category("M2007J22C"))
                .containsEntry("city", new Category("南昌"));
        // female:0.5,male:0.5
        assertThat(user(events, "7002"))
                .containsEntry("age", new Category("A_40+"))
                .containsEntry("gender", new Category("female"));
        assertThat(user(events, "7003")).isEmpty();
    }

    @Test
    void yidiansArticlesHaveTheHeaviestKeywordsFirst() {
        List<ReplayEvent> events = read(DataSets.YIDIAN, YIDIAN, Map.of(), new BadRows(0));

        // 图书馆:2.5,山村:3.75,孩子:0.5
        assertThat(article(events, "900001").features().values())
                .isEqualTo(Map.of(
                        "title", new Category("山村里的新图书馆"),
                        "title_length", new Quantity(8),
                        "pictures", new Quantity(3),
                        "category", new Category("社会"),
                        "sub_category", new Category("社会/乡村"),
                        "keywords", new Bag(List.of("山村", "图书馆", "孩子"))));
        // 地铁:9,四号线:8.5,12:30:7, a word with a colon of its own
        assertThat(article(events, "900004").features().values())
                .containsEntry("keywords", new Bag(List.of("地铁", "四号线", "12:30")));
        for (String article : List.of("900003", "900008")) { // of which one says "nan"
            assertThat(article(events, article).features().values()).containsEntry("category", new Category("其他"));
        }
        assertThat(article(events, "900005").features().values()).containsOnlyKeys("category", "sub_category");
    }

    @Test
    void yidiansArticlesComeWhenMadeOrFirstSeen() {
        BadRows bad = new BadRows(10);

        List<ReplayEvent> events = read(DataSets.YIDIAN, YIDIAN, Map.of(), bad);

        assertThat(article(events, "900004").time()).isEqualTo(FIRST_DAY + 48 * HOUR);
        assertThat(article(events, "900001").time()).isEqualTo(FIRST_DAY + HOUR - 1);
        assertThat(article(events, "900999").features().values()).isEmpty();
        // 900003 was made at 10:00 of the first day; it is in the log for 09:00 and for 12:00. 900004 is shown in the
        // very millisecond in which it was made
        assertThat(EventsByKind.exposures(events))
                .filteredOn(shown -> List.of("900003", "900004").contains(shown.item()))
                .extracting(Exposure::time)
                .containsExactly(FIRST_DAY + 12 * HOUR, FIRST_DAY + 48 * HOUR);
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
    void aMissingFileOrColumnIsToldByName() throws IOException {
        assertThatThrownBy(() -> read(DataSets.YIDIAN, Map.of()))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("log.files = train_data_5w.csv*: no such file");

        Files.writeString(folder.resolve("train_data_5w.csv"), "\tuser_id\titem\texpo_time\tclick\n");

        assertThatThrownBy(() -> read(DataSets.YIDIAN, Map.of()))
                .hasMessageContaining("log.item = article_id: is not a column of train_data_5w.csv");
    }

    /** Rows, of these other ones; then users, items that have events, items and profiles. */
    @ParameterizedTest
    @CsvSource({
        "kuairand, kuairand-pure, 228329, 222869, 100900, 25156, 6361, 7583, 27285",
        "movielens, ml-100k, 0, 0, 100000, 943, 1682, 1682, 943",
        "movielens, ml-latest-small, 0, 0, 100836, 610, 9724, 9742, 0"
    })
    void realSetsHaveTheirKnownFacts(
            String format,
            String data,
            int exposures,
            int otherExposures,
            int clicks,
            int users,
            int seen,
            int items,
            int profiles) {
        DataFormat set = format.equals("kuairand") ? DataSets.KUAIRAND : DataSets.MOVIELENS;
        BadRows bad = new BadRows(5);

        List<ReplayEvent> events = read(set, RealData.folder(data), Map.of(), bad);

        assertThat(bad.first()).isEmpty();
        List<Exposure> shown = EventsByKind.exposures(events);
        List<Click> clicked = EventsByKind.clicks(events);
        assertThat(shown).hasSize(exposures);
        assertThat(shown.stream().map(Exposure::id).distinct()).hasSize(otherExposures);
        assertThat(clicked).hasSize(clicks);
        boolean isOfClicks = exposures == 0;
        assertThat((isOfClicks
                                ? clicked.stream().map(Click::user)
                                : shown.stream().map(Exposure::user))
                        .distinct())
                .hasSize(users);
        assertThat((isOfClicks
                                ? clicked.stream().map(Click::item)
                                : shown.stream().map(Exposure::item))
                        .distinct())
                .hasSize(seen);
        assertThat(EventsByKind.items(events)).hasSize(items);
        assertThat(EventsByKind.profiles(events)).hasSize(profiles);
        assertThat(events).extracting(ReplayEvent::time).isSorted();
    }

    /** The sample has log and users side by side; written into the files of the tutorial, its facts must come out. */
    @Test
    void yidiansSampleHasItsKnownFacts() throws IOException {
        Path sample = RealData.folder("yidian-sample").resolve("yidian_news_sampled.csv");
        List<String[]> rows =
                Files.readAllLines(sample).stream().map(line -> line.split(",")).toList();
        StringBuilder log =
                new StringBuilder("\tuser_id\tarticle_id\texpo_time\tnet_status\tflush_nums\texpo_position\tclick\n");
        Map<String, String> users = new LinkedHashMap<>();
        for (String[] row : rows.subList(1, rows.size())) {
            log.append(String.join("\t", Arrays.copyOf(row, 8))).append('\n');
            String age = String.format("A_0_24:%s,A_25_29:%s,A_30_39:%s,A_40+:%s", row[12], row[13], row[14], row[15]);
            String gender = String.format("female:%s,male:%s", row[16], row[17]);
            users.put(row[1], String.join("\t", "0", row[1], row[8], row[9], row[10], row[11], age, gender));
        }
        Files.writeString(folder.resolve("train_data_5w.csv"), log);
        Files.writeString(
                folder.resolve("user_info_data_5w.csv"),
                "\tuser_id\tdevice\tos\tprovince\tcity\tage\tgender\n" + String.join("\n", users.values()) + "\n");
        Files.writeString(folder.resolve("doc_info.txt"), "");

        List<ReplayEvent> events = read(DataSets.YIDIAN, Map.of());

        assertThat(EventsByKind.exposures(events)).hasSize(1_000);
        assertThat(EventsByKind.clicks(events)).hasSize(110);
        assertThat(EventsByKind.profiles(events)).hasSize(2);
        assertThat(EventsByKind.items(events)).hasSize(979);
    }

    private void writeKuaiRand(String rows) throws IOException {
        Files.writeString(
                folder.resolve("log_standard_a.csv"),
                "user_id,video_id,time_ms,is_click,is_like,long_view,play_time_ms,tab\n" + rows);
        List<String> columns = DataSets.mapping("kuairand").keySet().stream()
                .filter(key -> key.startsWith("users.feature."))
                .map(key -> key.substring("users.feature.".length()))
                .toList();
        Map<String, String> given = Map.of(
                "user_active_degree", "full_active", "follow_user_num", "9", "follow_user_num_range", "\"(0,10]\"");
        Files.writeString(
                folder.resolve("user_features_pure.csv"),
                "user_id," + String.join(",", columns) + "\n7,"
                        + String.join(
                                ",",
                                columns.stream()
                                        .map(column -> given.getOrDefault(column, ""))
                                        .toList())
                        + "\n");
        Files.writeString(
                folder.resolve("video_features_basic_pure.csv"),
                """
                video_id,author_id,video_type,upload_dt,upload_type,video_duration,server_width,server_height,music_id,music_type,tag
                1,50,NORMAL,2022-04-10,Web,20000.0,720.0,1280.0,0,,"39,3"
                2,51,AD,2022-04-10,Web,,1280,720,8,9.0,
                """);
    }

    /** The events of the folder, of which no row is bad. */
    private List<ReplayEvent> read(DataFormat format, Map<String, String> settings) {
        BadRows bad = new BadRows(1);
        List<ReplayEvent> events = read(format, folder, settings, bad);
        assertThat(bad.first()).isEmpty();
        return events;
    }

    private static List<ReplayEvent> read(DataFormat format, Path data, Map<String, String> settings, BadRows bad) {
        return EventsByKind.all(format.open(data, new SettingsReader(settings)), bad);
    }

    private static <T> T only(List<T> all) {
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    private static CatalogueItem article(List<ReplayEvent> events, String id) {
        return EventsByKind.items(events).stream()
                .filter(item -> item.item().equals(id))
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    private static Map<String, FeatureValue> user(List<ReplayEvent> events, String id) {
        return EventsByKind.profiles(events).stream()
                .filter(profile -> profile.user().equals(id))
                .findFirst()
                .orElseThrow()
                .features()
                .values();
    }
}
