package dev.millrace.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.replay.DataFormat;
import dev.millrace.replay.LogSample;
import dev.millrace.settings.InvalidSettingsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each log has 600 rows: of 20 users, row n is of user n % 20, and of 30 items, row n is of item n / 20 % 30. */
class LogDraftTest {

    private static final int ROWS = 600;

    private final List<LogSample.Column> columns = new ArrayList<>();
    private Map<Role, String> given = Map.of();

    @Test
    void namesSayWhichColumnsAreUserItemTimeAndClick() {
        ids("userId", "movie_id");
        column("is_click", row -> row % 7 == 0 ? row == 0 ? "yes" : "1" : "0"); // as several writers may
        column("is_liked", row -> row % 11 == 0 ? "1" : "0");
        times("ts");

        // 86 of 600 rows are divisible by 7
        assertThat(used("click")).containsExactly("is_click");
        assertThat(choice("is_click").why()).contains("14.3 % of 600 rows");
        assertThat(choice("userId").why()).contains("20 distinct values in 600 rows, 30.0 rows for each user");
        assertThat(mapping())
                .contains(
                        "log.user = userId",
                        "log.item = movie_id",
                        "log.time = ts",
                        "log.time.unit = ms",
                        "log.clicked = is_click",
                        "log.flag.is_liked = liked")
                .noneMatch(line -> line.startsWith("# UNSURE"));
    }

    @ParameterizedTest
    @CsvSource({
        "1700000000, s",
        "1700000000123, ms",
        "1700000000123456, us",
        "1700000000.25, s",
        "2026-03-01T09:00:00Z, iso-8601",
        "2026-03-01 09:00:00, iso-8601"
    })
    void theUnitOfATimeIsToldByItsMagnitude(String time, String unit) {
        ids("user", "item");
        column("time", row -> time);

        assertThat(mapping()).contains("clicks.time.unit = " + unit);
    }

    @Test
    void rolesWithoutNamesAreUnsureUntilOptionsSettle() {
        ids("column1", "column2");
        column("column3", row -> String.valueOf(row % 5 + 1));
        times("column4");
        column("column5", row -> "v" + Math.max(0, row - 20)); // a visitor who comes once
        column("column6", row -> "r" + row); // a name of the row

        assertThat(used("user")).containsExactly("column1");
        assertThat(choice("column1").doubt().orElseThrow())
                .contains("column5 (580 distinct values in 600 rows)", "--user COLUMN")
                .doesNotContain("column6");

        given = Map.of(Role.USER, "column2", Role.ITEM, "column1");
        assertThat(mapping()).contains("clicks.user = column2", "clicks.item = column1", "clicks.time = column4");
        assertThat(choice("column2").doubt()).isEmpty();
    }

    @Test
    void ofTwoTimesTheOneOfTheRowIsTakenAndTheOtherNamed() {
        ids("user", "item");
        times("click_time");
        times("shown_time");

        assertThat(used("time")).containsExactly("shown_time");
        assertThat(choice("shown_time").doubt().orElseThrow()).contains("click_time", "--time COLUMN");
        assertThat(used("left out")).containsExactly("click_time");
    }

    @Test
    void aLogWithoutTimesOrItemsIsRefused() {
        column("user", row -> "u" + row % 20);
        column("order", String::valueOf);

        assertThatThrownBy(this::draft)
                .isInstanceOf(UndecidedColumnException.class)
                .hasMessageContainingAll(
                        "the column of the time",
                        "user (20 distinct values in 600 rows), order (600 distinct values in 600 rows)");
        times("time");
        assertThatThrownBy(this::draft)
                .isInstanceOf(UndecidedColumnException.class)
                .hasMessageContaining("the column of the item");
    }

    /** 600 rows: 599 times the distance lie between the first and the last. */
    @ParameterizedTest
    @CsvSource({
        "86_400_000, true, 965d", // 600 days and a year
        "86_400_000, false, 0s", // nobody knows when the last row is
        "52_560_000, true, ''" // 364.4 days
    })
    void ofALogOfYearsNothingExpiresBeforeItsEnd(String distance, boolean isWhole, String kept) {
        long millis = Long.parseLong(distance.replace("_", ""));
        ids("user", "item");
        column("time", row -> String.valueOf(1_500_000_000_000L + row * millis));
        LogSample sample =
                new LogSample(Path.of("log.csv"), DataFormat.CSV, new TreeMap<>(), columns, ROWS, 0, isWhole);

        assertThat(LogDraft.of(sample, given).settings().lines().filter(line -> line.contains("expire-after =")))
                .containsExactlyElementsOf(
                        kept.isEmpty()
                                ? List.of()
                                : List.of(
                                        "users.expire-after = " + kept,
                                        "catalogue.expire-after = " + kept,
                                        "table.expire-after = " + kept));
    }

    /** 20 users of 30 rows: in three of the rows, each has the item of the row before. So 60 rows of 580 are repeats. */
    @ParameterizedTest
    @CsvSource({"true, true, 10.3", "false, false, 0.0"})
    void oftenHadItemsMakeHistoryAnswer(boolean areRepeatsClicked, boolean isAnswered, String share) {
        column("user", row -> "u" + row % 20);
        column("item", row -> "i" + (isRepeat(row) ? row / 20 - 1 : row / 20));
        times("time");
        column("click", row -> !isRepeat(row) || areRepeatsClicked ? "1" : "0");

        assertThat(draft().settings())
                .contains("# " + share + " % of the clicks after a user's first")
                .contains("history.answers = " + isAnswered + "\n");
    }

    private static boolean isRepeat(int row) {
        return row / 20 % 10 == 9;
    }

    @Test
    void constantColumnsAreFeaturesOfItemsOrUsers() {
        ids("user", "item");
        times("time");
        column("brand", row -> "b" + item(row) % 4);
        column("country", row -> "c" + row % 20 % 3);
        column("slot", row -> String.valueOf(row % 7));
        column("flag", row -> row == 300 ? "odd" : "usual"); // the same for one item in all rows but two
        column("version", row -> "7");

        // items have 4 brands: 8, 8, 7 and 7 of 30, so two rows agree by chance in (64 + 64 + 49 + 49) / 900 = 25.1 %
        assertThat(choice("brand").why()).contains("the same for one item in 100.0 % of 570 rows, by chance in 25.1 %");
        assertThat(used("left out")).containsExactly("version");
        assertThat(mapping())
                .contains("clicks.item-feature.brand = category", "clicks.user-feature.country = category");
        assertThat(draft().settings())
                .contains("features.user = user, history, country, slot, flag\n")
                .contains("features.user.slot.source = context\n")
                .contains("features.item = item, brand\n");
    }

    @Test
    void theKindOfAFeatureIsToldByItsValues() {
        ids("user", "item");
        times("time");
        column("price", row -> item(row) + ".5");
        column("category_id", row -> String.valueOf(item(row) % 9));
        column("tags", row -> "t" + item(row) % 5 + "|t" + item(row) % 3);
        column("words", row -> LogSample.ARRAY + "w" + item(row) % 2 + LogSample.ARRAY + "x");
        column("picture", row -> "0.1 0.2 0.3 " + item(row));

        assertThat(mapping())
                .contains(
                        "clicks.item-feature.price = number",
                        "clicks.item-feature.category_id = category",
                        "clicks.item-feature.tags = bag |",
                        "clicks.item-feature.words = bag ,",
                        "clicks.item-feature.picture = vector space");
        assertThat(draft().settings())
                .contains("features.item.picture.kind = vector\nfeatures.item.picture.dim = 4\n")
                .contains("features.item.price.kind = numeric\n");
    }

    @Test
    void whatIsKnownOnlyAfterTheClickIsLeftOut() {
        ids("user", "item");
        times("time");
        column("click", row -> row % 4 == 0 ? "1" : "0");
        column("play_ms", row -> String.valueOf(row % 4 == 0 ? 1_000 + row : row % 3));
        column("scroll", row -> String.valueOf(row * 7 % 61));

        assertThat(used("left out")).containsExactly("play_ms");
        assertThat(choice("play_ms").why()).contains("ROC curve 1.00"); // every clicked row is above all others
        assertThat(used("feature of the context")).containsExactly("scroll");
    }

    @Test
    void actionsOfAColumnMakeExposuresAndClicks() {
        ids("user", "item");
        times("time");
        column("event", row -> List.of("click", "none", "impression", "purchase")
                .get(row % 4));

        assertThat(mapping())
                .contains(
                        "exposures.where.event = impression",
                        "clicks.where.event = click,purchase",
                        "clicks.action = event");
        assertThat(draft().settings())
                .contains("attribution.actions = click, purchase\n")
                .doesNotContain("clicks-only");
    }

    @Test
    void actionsWithoutExposuresAreClicksOnly() {
        ids("visitorid", "itemid");
        times("timestamp");
        column("event", row -> row % 9 == 0 ? "addtocart" : "view");

        assertThat(mapping()).contains("clicks.user = visitorid", "clicks.action = event");
        assertThat(draft().settings())
                .contains("attribution.mode = clicks-only\n", "attribution.actions = addtocart, view\n");
        assertThat(choice("event").doubt()).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "none", "0", "false"})
    void aRowWithoutAnActionIsAnExposureThatWasNotAnswered(String none) {
        ids("user", "item");
        times("time");
        column("action", row -> row % 50 == 0 ? "purchase" : row % 5 == 0 ? "click" : none);
        column("play_ms", row -> String.valueOf(row % 5 == 0 ? 1_000 + row : row % 3));

        assertThat(mapping())
                .contains("log.user = user", "log.action = action")
                .noneMatch(line -> line.startsWith("clicks."));
        assertThat(draft().settings())
                .contains("attribution.actions = click, purchase\n")
                .doesNotContain("clicks-only");
        assertThat(choice("action").why()).endsWith("480 of 600 rows have none"); // four of five
        assertThat(choice("action").doubt()).isPresent();
        assertThat(used("left out")).containsExactly("play_ms"); // known after the click
    }

    @Test
    void columnsOfTheSameNameAreRefusedUnlessTheyHaveNone() {
        ids("user", "item");
        times("time");
        column("", row -> "");
        column("", row -> "");
        assertThat(used("left out")).containsExactly("", "");

        column("price", row -> "1");
        column("price", row -> "2");
        assertThatThrownBy(this::draft)
                .isInstanceOf(UndecidedColumnException.class)
                .hasMessageContaining("\"price\" more than once");
    }

    @Test
    void aColumnThatMayNameTheEventIsLeftOutWithADoubt() {
        ids("user", "item");
        times("time");
        column("request", row -> "r" + row);

        assertThat(used("left out")).containsExactly("request");
        assertThat(choice("request").doubt().orElseThrow()).contains(".id");
    }

    @Test
    void aNameOfTheLogCannotEndAComment() {
        ids("user", "item");
        times("time");
        column("slot\nclicks.user = other", row -> String.valueOf(row % 7));

        assertThat(mapping())
                .contains(
                        "clicks.context-feature.slot\\u000aclicks.user\\ \\=\\ other = category as slot_clicks_user_other")
                .filteredOn(line -> line.startsWith("clicks.user "))
                .containsExactly("clicks.user = user");
    }

    @Test
    void everyOptionThatCannotBeIsAFaultOfItsOwn() {
        ids("user", "item");
        times("time");
        given = Map.of(Role.USER, "uid", Role.TIME, "item", Role.CLICK, "user");

        assertThatThrownBy(this::draft)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContainingAll("--user = uid: ", "--time = item: ", "--click = user: ");
    }

    private List<String> used(String use) {
        return draft().choices().stream()
                .filter(choice -> choice.use().equals(use))
                .map(Choice::what)
                .toList();
    }

    private Choice choice(String column) {
        return draft().choices().stream()
                .filter(choice -> choice.what().equals(column))
                .findFirst()
                .orElseThrow();
    }

    private static int item(int row) {
        return row / 20 % 30;
    }

    private void ids(String user, String item) {
        column(user, row -> "u" + row % 20);
        column(item, row -> "i" + item(row));
    }

    private void times(String name) {
        column(name, row -> String.valueOf(1_700_000_000_000L + row * 1_000L));
    }

    private void column(String name, IntFunction<String> cell) {
        columns.add(new LogSample.Column(
                name, IntStream.range(0, ROWS).mapToObj(cell).toList()));
    }

    private LogDraft draft() {
        return LogDraft.of(
                new LogSample(Path.of("log.csv"), DataFormat.CSV, new TreeMap<>(), columns, ROWS, 0, true), given);
    }

    private List<String> mapping() {
        return draft().mapping("log.csv", Optional.empty()).lines().toList();
    }
}
