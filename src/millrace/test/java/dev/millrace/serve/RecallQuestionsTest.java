package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecallQuestionsTest {

    private final RecallScene scene;

    RecallQuestionsTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory);
        scene.fill();
    }

    @AfterAll
    void stop() {
        scene.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "user= | user | 1 to 256 bytes",
                "user=%20 | user | 1 to 256 bytes",
                "user=a%00b | user | 1 to 256 bytes",
                "user=u1&user=u2 | user | must be given once",
                "k=3 | user | is required",
                "user=u1&k=0 | k | a whole number from 1 to 1000",
                "user=u1&k=-1 | k | a whole number from 1 to 1000",
                "user=u1&k=abc | k | a whole number from 1 to 1000",
                "user=u1&k=1e3 | k | a whole number from 1 to 1000",
                "user=u1&k=99999999999999999999 | k | a whole number from 1 to 1000",
                "user=u1&exclude-seen=maybe | exclude-seen | true or false",
                "user=u1&kk=3 | kk | known here: at-most.category, ",
                "user=u1&w.buy=1 | w.buy | w.click, w.like, w.neighbours, w.popularity",
                "user=u1&w.like=-1 | w.like | a number from 0 to 1000",
                "user=u1&w.popularity=-0.1 | w.popularity | a number from 0 to 10",
                "user=u1&w.popularity=10.5 | w.popularity | a number from 0 to 10",
                "user=u1&w.popularity=NaN | w.popularity | a number from 0 to 10",
                "user=u1&w.popularity=Infinity | w.popularity | a number from 0 to 10",
                "user=u1&w.popularity= | w.popularity | a number from 0 to 10",
                "user=u1&filter.category.max=3 | filter.category | no item has category as a number",
                "user=u1&boost.colour.red=1 | boost.colour.red | known here: at-most.category, ",
                "user=u1&boost.category.shoes=much | boost.category.shoes | a number from -100 to 100",
                "user=u1&boost.category.shoes=101 | boost.category.shoes | a number from -100 to 100",
                "user=u1&boost.category.shoes=1e30 | boost.category.shoes | a number from -100 to 100",
                "user=u1&boost.category.shoes=NaN | boost.category.shoes | a number from -100 to 100",
                "user=u1&boost.category.shoes=-Infinity | boost.category.shoes | a number from -100 to 100",
                "user=u1&boost.category=1 | boost.category | boost.category.VALUE",
                "user=u1&at-most.category=0 | at-most.category | a whole number from 1 to 1000",
                "user=u1&at-most.colour=2 | at-most.colour | is unknown",
                "user=u1&diversity=1.5 | diversity | a number from 0 to 1",
                "user=u1&diversity=NaN | diversity | a number from 0 to 1",
                "user=u1&explore=-1 | explore | a number from 0 to 100",
                "user=u1&explore=101 | explore | a number from 0 to 100",
                "user=u1&explore=NaN | explore | a number from 0 to 100",
                "user=u1&explore=1e-4 | explore | 0, or a number from 0.001 to 100",
                "user=u1&explore.slots=1 | explore.slots | must be 0 without explore",
                "user=u1&explore.slots=11 | explore.slots | a whole number from 0 to 10",
                "user=u1&explore=0.1 | explore | = 0.1 must be 0 here: it needs serve.answers.sample = 1, which is 0.0",
                "user=u1&pin=a | pin | ITEM@PLACE",
                "user=u1&pin=@1 | pin | ITEM@PLACE",
                "user=u1&pin=a@1.0 | pin | ITEM@PLACE",
                "user=u1&pin=a@99999999999 | pin | places from 1 to 10",
                "user=u1&k=1&pin=a@2 | pin | places from 1 to 1",
                "user=u1&pin=a@0 | pin | places from 1 to 10",
                "user=u1&pin=a@11 | pin | places from 1 to 10",
                "user=u1&pin=a@1,b@1 | pin | each item and each place once",
                "user=u1&pin=a@1,a@2 | pin | each item and each place once",
                "user=u1&page=2 | page | must be first, or what an answer to this user had as next",
                "user=u1&page= | page | must be first, or what an answer to this user had as next",
                "user=u1&w.click=0 | '' | one of w.click, w.like must be above 0",
                "user=%ZZ | '' | percent-encoded",
                "user=%ff | user | 1 to 256 bytes",
            })
    void aBadQueryIsAProblemThatNamesParameterAndRule(String query, String parameter, String rule) throws Exception {
        RawClient.Answer refused = scene.get("/v1/recall?" + query);

        assertThat(refused.problem(400)).contains(parameter, rule);
        assertThat(refused.text("/parameter")).isEqualTo(parameter);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "explore=0.1&diversity=0.5 | diversity | must be absent with explore = 0.1; explore = 0 draws nothing",
                "diversity=0.5 | diversity | must be absent with explore = 0.2",
                "k=11 | k | = 11 must be at most 10, serve.explore.best, with explore = 0.2",
                "explore=1e-4 | explore | 0, or a number from 0.001 to 100",
                "k=3&explore.slots=4 | explore.slots | a whole number from 0 to 3",
            })
    void whatCannotBeExploredIsRefused(String query, String parameter, String rule) throws Exception {
        try (RecallServer exploring = scene.exploring(0.2, 10)) {
            String line = "GET /v1/recall?user=u1&";

            RawClient.Answer refused = RawClient.ask(exploring.port(), line + query, "");

            assertThat(refused.problem(400)).contains(parameter, rule);
            assertThat(refused.text("/parameter")).isEqualTo(parameter);
            assertThat(RawClient.ask(exploring.port(), line + query + "&explore=0", "")
                            .status())
                    .isEqualTo(query.contains("explore") ? 400 : 200); // given twice
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/similar, 400",
        "/v1/similar?item=nothing, 404",
        "/v1/items/nothing, 404",
        "/v1/items/a?k=1, 400",
        "/v1/items/, 404",
        "/, 404",
        "/v1, 404",
    })
    void whatIsNotThereIsAProblem(String target, int status) throws Exception {
        scene.get(target).problem(status);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{ | the body is no JSON",
                "[1] | the body must be a JSON object",
                "{\"k\": 3} | user is required, and must be a string",
                "{\"user\": \"u1\", \"user\": \"u2\"} | the body is no JSON: Duplicate field 'user'",
                "{\"user\": \"u1\"} {} | the body is no JSON",
                "{\"user\": \"\"} | user must have 1 to 256 bytes",
                "{\"user\": \"u1\", \"size\": 3} | size is unknown; known here: atMost, boost, context",
                "{\"user\": \"u1\", \"k\": 2.5} | k must be a whole number from 1 to 1000",
                "{\"user\": \"u1\", \"explain\": 1} | explain must be true or false",
                "{\"user\": \"u1\", \"filter\": {\"colour\": \"x\"}} | filter.colour is unknown; known here: category,"
                        + " price, tags; attributes: publish.attributes",
                "{\"user\": \"u1\", \"filter\": {\"price\": {\"min\": \"x\"}}} | filter.price.min must be a number",
                "{\"user\": \"u1\", \"filter\": {\"tags\": {\"min\": 1}}} | filter.tags has bounds, and no item has"
                        + " tags as a number",
                "{\"user\": \"u1\", \"boost\": {\"colour\": {\"red\": 1}}} | boost.colour is unknown; known here:",
                "{\"user\": \"u1\", \"boost\": {\"category\": 1}} | boost.category must be a JSON object",
                "{\"user\": \"u1\", \"boost\": {\"category\": {\"shoes\": \"x\"}}} | boost.category.shoes must be a number"
                        + " from -100 to 100",
                "{\"user\": \"u1\", \"atMost\": {\"category\": 1.5}} | atMost.category must be a whole number from 1",
                "{\"user\": \"u1\", \"pin\": {\"a\": 1, \"b\": 1}} | pin must be an object with a place for each item:",
                "{\"user\": \"u1\", \"pin\": {\"a\": \"1\"}} | pin must be an object with a place for each item:",
                "{\"user\": \"u1\", \"diversity\": \"0.5\"} | diversity must be a number from 0 to 1",
                "{\"user\": \"u1\", \"explore\": \"0.5\"} | explore must be a number from 0 to 100",
                "{\"user\": \"u1\", \"exploreSlots\": 1} | exploreSlots must be 0 without explore",
                "{\"user\": \"u1\", \"page\": 1} | page is required, and must be a string",
                "{\"user\": \"u1\", \"pin\": \"a@1\"} | pin must be a JSON object",
                "{\"user\": \"u1\", \"weights\": {\"click\": 0}} | one of weights.click, weights.like must be above 0",
                "{\"user\": \"u1\", \"features\": {\"age\": 1e31}} | features.age is refused: value",
                "{\"user\": \"u1\", \"features\": {\"age\": null}} | features.age must be a string, a number, an array",
                "{\"user\": \"u1\", \"history\": [{}]} | history must be an array of strings",
                "{\"requests\": []} | requests must be an array of 1 to 3 elements",
                "{\"requests\": [1, 2, 3, 4]} | requests must be an array of 1 to 3 elements",
                "{\"requests\": [1], \"k\": 1} | k is unknown; known here: requests"
            })
    void badBodiesAreProblemsThatNameWhatIsWrong(String body, String detail) throws Exception {
        assertThat(scene.post(body).problem(400)).startsWith(detail);
    }
}
