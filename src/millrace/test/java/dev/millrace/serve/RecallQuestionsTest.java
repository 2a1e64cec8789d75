package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecallQuestionsTest {

    private final RecallScene scene;

    RecallQuestionsTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory);
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0.1", "10.5", "NaN", "Infinity", "much", "", "1e400"})
    void weightOfPopularityOutOfRangeIsAProblem(String weight) throws Exception {
        scene.fill();

        HttpResponse<String> response = scene.get("/v1/recall?user=u1&w.popularity=" + weight);

        scene.assertProblem(response, 400);
        assertThat(scene.json(response).path("detail").asText())
                .isEqualTo("w.popularity must be a number from 0 to 10");
    }

    @Test
    void unknownParameterIsNamed() throws Exception {
        scene.fill();

        JsonNode problem = scene.json(scene.get("/v1/recall?user=u1&kk=3"));

        assertThat(problem.path("parameter").asText()).isEqualTo("kk");
        assertThat(problem.path("detail").asText()).startsWith("kk is unknown; known here: exclude, ");
    }

    @Test
    void weightsThatLeaveNothingToRankByAreAProblem() throws Exception {
        scene.fill();

        HttpResponse<String> nothing = scene.get("/v1/recall?user=u1&w.click=0");
        HttpResponse<String> unknown = scene.get("/v1/recall?user=u1&w.buy=1");
        HttpResponse<String> negative = scene.get("/v1/recall?user=u1&w.like=-1");

        scene.assertProblem(nothing, 400);
        assertThat(scene.json(nothing).path("detail").asText()).isEqualTo("one of w.click, w.like must be above 0");
        scene.assertProblem(unknown, 400);
        assertThat(scene.json(unknown).path("detail").asText()).contains("w.click, w.like, w.neighbours, w.popularity");
        scene.assertProblem(negative, 400);
        assertThat(scene.json(negative).path("detail").asText()).isEqualTo("w.like must be a number from 0 to 1000");
    }

    @Test
    void boundsOnAnAttributeThatIsNoNumberAreAProblem() throws Exception {
        scene.fill();

        HttpResponse<String> response = scene.get("/v1/recall?user=u1&filter.category.max=3");

        scene.assertProblem(response, 400);
        assertThat(scene.json(response).path("detail").asText())
                .isEqualTo("filter.category has bounds, and no item has category as a number: name values");
        assertThat(scene.json(response).path("parameter").asText()).isEqualTo("filter.category");
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/recall, 400",
        "/v1/recall?user=, 400",
        "/v1/recall?user=%20, 400",
        "/v1/recall?user=a%00b, 400",
        "/v1/recall?user=%ZZ, 400",
        "/v1/recall?user=%ff, 400",
        "/v1/recall?user=u1&user=u2, 400",
        "/v1/recall?user=u1&k=0, 400",
        "/v1/recall?user=u1&k=-1, 400",
        "/v1/recall?user=u1&k=abc, 400",
        "/v1/recall?user=u1&k=1e3, 400",
        "/v1/recall?user=u1&k=1000000000, 400",
        "/v1/recall?user=u1&k=99999999999999999999, 400",
        "/v1/recall?user=u1&exclude-seen=maybe, 400",
        "/v1/recall?user=u1&kk=3, 400",
        "/v1/similar, 400",
        "/v1/similar?item=nothing, 404",
        "/v1/items/nothing, 404",
        "/v1/items/a?k=1, 400",
        "/v1/items/, 404",
        "/, 404",
        "/v1, 404",
        "/v2/recall?user=u1, 404",
    })
    void badInputIsAProblem(String target, int status) throws Exception {
        scene.fill();

        scene.assertProblem(scene.rawGet(target), status);
    }

    @Test
    void namesTheParameterThatIsWrong() throws Exception {
        scene.fill();

        JsonNode problem = scene.json(scene.get("/v1/recall?user=u1&k=0"));

        assertThat(problem.path("parameter").asText()).isEqualTo("k");
        assertThat(problem.path("detail").asText()).isEqualTo("k must be a whole number from 1 to 1000");
        assertThat(problem.path("title").asText()).isEqualTo("Bad Request");
        assertThat(problem.path("status").asInt()).isEqualTo(400);
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
                "{\"user\": \"u1\", \"size\": 3} | size is unknown; known here: context, exclude",
                "{\"user\": \"u1\", \"k\": 2.5} | k must be a whole number from 1 to 1000",
                "{\"user\": \"u1\", \"explain\": 1} | explain must be true or false",
                "{\"user\": \"u1\", \"filter\": {\"colour\": \"x\"}} | filter.colour is unknown; known here: category, price, tags",
                "{\"user\": \"u1\", \"filter\": {\"price\": {\"min\": \"x\"}}} | filter.price.min must be a number",
                "{\"user\": \"u1\", \"filter\": {\"tags\": {\"min\": 1}}} | filter.tags has bounds, and no item has tags as a number",
                "{\"user\": \"u1\", \"weights\": {\"click\": 0}} | one of weights.click, weights.like must be above 0",
                "{\"user\": \"u1\", \"features\": {\"age\": 1e31}} | features.age is refused: value",
                "{\"user\": \"u1\", \"features\": {\"age\": null}} | features.age must be a string, a number, an array",
                "{\"user\": \"u1\", \"history\": [{}]} | history must be an array of strings",
                "{\"requests\": []} | requests must be an array of 1 to 3 elements",
                "{\"requests\": [1, 2, 3, 4]} | requests must be an array of 1 to 3 elements",
                "{\"requests\": [1], \"k\": 1} | k is unknown; known here: requests"
            })
    void badBodiesAreProblemsThatNameWhatIsWrong(String body, String detail) throws Exception {
        scene.fill();

        HttpResponse<String> response = scene.post(body);

        scene.assertProblem(response, 400);
        assertThat(scene.json(response).path("detail").asText()).startsWith(detail);
    }

    @Test
    void bodyThatIsNestedTooDeepIsAProblem() throws Exception {
        scene.fill();

        HttpResponse<String> response = scene.post("[".repeat(1_500));

        scene.assertProblem(response, 400);
        assertThat(scene.json(response).path("detail").asText()).startsWith("the body is no JSON: ");
    }
}
