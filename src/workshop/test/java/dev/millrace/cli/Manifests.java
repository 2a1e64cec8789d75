package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.strimzi.api.kafka.model.topic.KafkaTopic;
import io.strimzi.api.kafka.model.user.KafkaUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Objects of Kubernetes and Strimzi, read as strictly as an API server that is asked to: no kind, version, field or type that it does not
 * have. The classes are generated from the schemas of the APIs, but keep unknown fields and turn numbers into texts unless they are stopped.
 */
record Manifests(List<HasMetadata> objects) {

    private static final Path KUSTOMIZE = Path.of("/usr/bin/kustomize");

    private static final Map<String, Class<? extends HasMetadata>> KINDS = Stream.<Class<? extends HasMetadata>>of(
                    ConfigMap.class,
                    Service.class,
                    StatefulSet.class,
                    Deployment.class,
                    PodDisruptionBudget.class,
                    PodMonitor.class,
                    KafkaTopic.class,
                    KafkaUser.class)
            .collect(Collectors.toMap(
                    kind -> HasMetadata.getApiVersion(kind) + " " + HasMetadata.getKind(kind), Function.identity()));

    private static final ObjectMapper STRICT = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(
                    LogicalType.Textual, texts -> texts.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .annotationIntrospector(new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasAnySetter(Annotated member) {
                    return false;
                }
            })
            .build();

    /**
     * What kustomize makes of a folder. {@code .ci/run} installs it. Without it the test is skipped, where CI is set it fails.
     */
    static String rendered(Path folder) throws IOException, InterruptedException {
        assumeThat(Files.exists(KUSTOMIZE) || System.getenv("CI") != null).isTrue();
        Path out = Files.createTempFile("kustomize", ".out");
        try {
            int status = new ProcessBuilder(KUSTOMIZE.toString(), "build", folder.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start()
                    .waitFor();
            String said = Files.readString(out);
            assertThat(status).as(said).isZero();
            return said;
        } finally {
            Files.delete(out);
        }
    }

    /** @throws JsonProcessingException if something is not as the APIs have it */
    static Manifests read(String yaml) throws IOException {
        List<HasMetadata> objects = new ArrayList<>();
        for (JsonNode each :
                STRICT.readerFor(JsonNode.class).<JsonNode>readValues(yaml).readAll()) {
            String kind =
                    each.path("apiVersion").asText() + " " + each.path("kind").asText();
            Class<? extends HasMetadata> known = KINDS.get(kind);
            if (known == null) {
                throw new JsonMappingException(null, kind + " is none of " + KINDS.keySet());
            }
            objects.add(STRICT.treeToValue(each, known));
        }
        return new Manifests(objects);
    }

    <T extends HasMetadata> List<T> all(Class<T> kind) {
        return objects.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** The containers of workloads, those that run before others included. */
    List<ManifestContainer> containers() {
        List<ManifestContainer> containers = new ArrayList<>();
        all(StatefulSet.class)
                .forEach(set -> containers.addAll(ManifestContainer.of(
                        set.getMetadata().getName(), set.getSpec().getTemplate(), claims(set), this)));
        all(Deployment.class)
                .forEach(deployment -> containers.addAll(ManifestContainer.of(
                        deployment.getMetadata().getName(), deployment.getSpec().getTemplate(), List.of(), this)));
        return containers;
    }

    ManifestContainer container(String name) {
        return containers().stream()
                .filter(each -> each.container().getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no container " + name));
    }

    private static List<String> claims(StatefulSet set) {
        return set.getSpec().getVolumeClaimTemplates().stream()
                .map(claim -> claim.getMetadata().getName())
                .toList();
    }
}
