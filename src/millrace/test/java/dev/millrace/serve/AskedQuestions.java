package dev.millrace.serve;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.ItemIndex;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import dev.millrace.recall.FakeEncoder;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.ServedGeneration;
import dev.millrace.settings.SettingsReader;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Questions that are read and answered as the recall server does, without HTTP. */
public final class AskedQuestions {

    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochMilli(2_000));

    private final RecallEngine engine = new RecallEngine(user ->
            user.equals("u1") ? Optional.of(new UserFeatures("u1", 1, Features.NONE, List.of("a"))) : Optional.empty());
    private final ServeSettings settings = ServeSettings.read(new SettingsReader(Map.of()));
    private final RecallQuestions questions = new RecallQuestions(settings, engine, PageCursors.of(Optional.empty()));

    public AskedQuestions() {
        ItemIndex index = new ItemIndex(2);
        index.upsert(item("a", "shoes", 10), 1_000);
        index.upsert(item("b", "boots", 20), 1_000);
        ServedGeneration generation = new ServedGeneration(
                "g1",
                index,
                new FakeEncoder(
                                Map.of("click", 1.0, "like", 0.5),
                                List.of("category", "price", "tags"),
                                PriorWeights.NONE,
                                (weights, out) -> out[0] = 1)
                        .ready(true));
        engine.serve(generation);
        engine.keep(List.of(generation));
    }

    /** Status of the answer to a GET with that query. */
    public int statusOfQuery(String query) {
        return status(() -> answer(questions.of(parameters(query))));
    }

    /** Status of the answer to a POST of that body. */
    public int statusOfBody(byte[] body) {
        return status(() -> {
            Given members = Given.json("", Json.tree(body));
            if (!members.has("requests")) {
                answer(questions.of(members));
                return;
            }
            for (JsonNode each : members.elements("requests", settings.maxBatch())) {
                answer(questions.of(Given.json("requests[]", each)));
            }
        });
    }

    private int status(Runnable asking) {
        try {
            asking.run();
            return 200;
        } catch (RefusedRequestException refused) {
            Json.bytes(refused.problem());
            return refused.problem().status();
        }
    }

    private void answer(RecallQuestions.Question asked) {
        engine.recall(asked.request(), asked.answering())
                .when(
                        found -> Json.tree(Json.bytes(AnswerBody.ofUser(found, asked.isVectorIncluded(), CLOCK))),
                        refusal -> {
                            throw new RefusedRequestException(Problem.of(404, refusal.name()));
                        });
    }

    private static Map<String, List<String>> parameters(String query) {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        try {
            for (String part : query.split("&", -1)) {
                String[] pair = part.split("=", 2);
                parameters
                        .computeIfAbsent(decoded(pair[0]), name -> new ArrayList<>())
                        .add(pair.length < 2 ? "" : decoded(pair[1]));
            }
        } catch (IllegalArgumentException malformed) {
            throw new RefusedRequestException(Problem.of(400, "not percent-encoded"));
        }
        return parameters;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    private static ItemEmbedding item(String id, String category, double price) {
        Features features = Features.of(Map.of(
                "category", new FeatureValue.Category(category),
                "price", new FeatureValue.Quantity(price),
                "tags", new FeatureValue.Bag(List.of("new", "red"))));
        return new ItemEmbedding(
                id, Optional.of(new float[] {0.6f, 0.8f}), "g1", 7, 40, 0, PublishedPopularity.NONE, 0, features);
    }
}
