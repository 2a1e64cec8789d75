package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.millrace.access.AccessSettings;
import dev.millrace.app.MillraceSettings;
import dev.millrace.log.LogSettings;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.SecretKeySelector;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PodMetricsEndpoint;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.strimzi.api.kafka.model.user.KafkaUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The manifests for Kubernetes: that its API takes them, and that whatever they name is there in the program, its image and its files. */
@Tag("slow")
class KubernetesIT {

    private static final Path SHIPPED = Path.of("config/k8s");
    private static final Path GUIDE = Path.of("docs/kubernetes.md");

    /** The overlay that the guide shows, with all components. */
    private static final String GUIDES_OWN = "mine";

    private static final long MIB = 1 << 20;

    /** Beside heap, metaspace, compiled code and RocksDB: threads, collector, buffers, libraries. Measured: 0043. */
    private static final long REST_MIB = 300;

    private final Path directory;

    KubernetesIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/standby", "overlays/demo", GUIDES_OWN})
    void theApiTakesWhatTheProgramKnowsAndNothingIsLeftOpen(String variant) throws Exception {
        Manifests manifests = manifests(variant);

        eachVariableIsOneOfTheProgramAndItsValueIsValid(manifests);
        eachFileIsThereAndEachDirectoryMayBeWrittenTo(manifests);
        portsAreThoseOfTheSettingsAndOpenToThePod(manifests);
        memoryIsTheSumOfWhatTheSettingsAllow(manifests);
        nobodyGetsMoreRightsThanItNeeds(manifests);
        whatIsSelectedIsThere(manifests);
    }

    @ParameterizedTest
    @CsvSource({
        "failureThreshold: 60, failureTreshold: 60, failureTreshold",
        "failureThreshold: 60, failureThreshold: sixty, sixty",
        "value: 30s, value: 30, String",
        "apiVersion: apps/v1, apiVersion: apps/v1beta2, apps/v1beta2 StatefulSet",
        "serviceName: millrace-trainer, serviceName: one\\n  serviceName: two, serviceName"
    })
    void theApiRefusesWhatItDoesNotKnow(String right, String wrong, String named) throws Exception {
        String rendered = Manifests.rendered(SHIPPED.resolve("base"));
        int at = rendered.lastIndexOf(right);
        assertThat(at).isPositive();

        String broken =
                rendered.substring(0, at) + wrong.replace("\\n", "\n") + rendered.substring(at + right.length());

        assertThat(Manifests.read(rendered).objects()).isNotEmpty();
        assertThatThrownBy(() -> Manifests.read(broken))
                .isInstanceOf(JsonProcessingException.class)
                .hasMessageContaining(named);
    }

    private void eachVariableIsOneOfTheProgramAndItsValueIsValid(Manifests manifests) throws Exception {
        Set<String> known = variables();
        Set<String> clients = new HashSet<>(ProducerConfig.configNames());
        clients.addAll(ConsumerConfig.configNames());
        clients.addAll(AdminClientConfig.configNames());

        for (ManifestContainer each : millrace(manifests)) {
            for (String name : each.environment().keySet()) {
                if (name.startsWith("MILLRACE_KAFKA_")) {
                    assertThat(clients)
                            .as(each + " " + name)
                            .contains(name.substring("MILLRACE_KAFKA_".length())
                                    .toLowerCase(Locale.ROOT)
                                    .replace('_', '.'));
                } else {
                    assertThat(known).as(each + "").contains(name);
                }
            }
            assertThat(LogSettings.faults(each.environment())).isEmpty();
            assertThat(settings(each)).isNotNull();
        }
    }

    private void eachFileIsThereAndEachDirectoryMayBeWrittenTo(Manifests manifests) throws Exception {
        Path start = Path.of(found("WORKDIR (/var\\S+)", Files.readString(Path.of("Dockerfile"))));

        for (ManifestContainer each : millrace(manifests)) {
            MillraceSettings settings = settings(each);
            List<Path> files = new ArrayList<>();
            for (AccessSettings access :
                    List.of(settings.serve().access(), settings.ingest().access())) {
                access.tokens().ifPresent(files::add);
                access.tls().ifPresent(tls -> files.addAll(List.of(tls.certificate(), tls.key())));
            }
            if (settings.clients().asMap().get("ssl.truststore.location") instanceof String trusted) {
                files.add(Path.of(trusted));
            }
            for (Path file : files) {
                assertThat(each.content(file)).as(each + " " + file).isPresent();
            }
            assertThat(each.isWritable(Path.of("/tmp"))).as(each + "").isTrue();
            switch (each.name()) {
                case "trainer", "map" ->
                    assertThat(each.isWritable(start.resolve(settings.stream().stateDirectory())))
                            .isTrue();
                case "server" ->
                    assertThat(each.isWritable(start.resolve(settings.serve().stateDirectory())))
                            .isTrue();
                default -> {}
            }
        }
    }

    private void portsAreThoseOfTheSettingsAndOpenToThePod(Manifests manifests) throws Exception {
        for (ManifestContainer each : millrace(manifests)) {
            MillraceSettings settings = settings(each);
            switch (each.name()) {
                case "trainer" -> listens(each, "health", settings.trainServer().port(), false);
                case "map" -> {
                    assertThat(settings.map().server().host()).isEqualTo("0.0.0.0");
                    listens(each, "health", settings.map().server().port(), false);
                }
                case "server" -> {
                    assertThat(settings.serve().host()).isEqualTo("0.0.0.0");
                    listens(
                            each,
                            "api",
                            settings.serve().port(),
                            settings.serve().access().tls().isPresent());
                }
                case "ingest" -> {
                    assertThat(settings.ingest().host()).isEqualTo("0.0.0.0");
                    listens(each, "events", settings.ingest().port(), true);
                }
                default -> {}
            }
        }
        assertThat(settings(manifests.container("trainer")).trainServer().host())
                .isEqualTo("0.0.0.0");
    }

    private void listens(ManifestContainer container, String name, int port, boolean isSecured) throws IOException {
        assertThat(ports(container)).isEqualTo(Map.of(name, port));
        for (HTTPGetAction probe : probes(container)) {
            String scheme = probe.getScheme() == null ? "HTTP" : probe.getScheme();
            assertThat(scheme).isEqualTo(isSecured ? "HTTPS" : "HTTP");
            assertThat(probe.getPort().getStrVal()).isEqualTo(name);
            assertThat(probe.getPath()).isIn("/livez", "/readyz");
        }
        assertThat(startSeconds(container))
                .isGreaterThanOrEqualTo(
                        2 * settings(container).stream().startupTimeout().toSeconds());
    }

    private void memoryIsTheSumOfWhatTheSettingsAllow(Manifests manifests) throws Exception {
        for (ManifestContainer each : millrace(manifests)) {
            MillraceSettings settings = settings(each);
            String options = each.environment().getOrDefault("MILLRACE_JAVA_OPTIONS", "");
            long sum = mib(each.environment().getOrDefault("MILLRACE_HEAP", "")) + REST_MIB;
            switch (each.name()) {
                case "trainer", "map" -> sum += settings.stream().stateMemoryBytes() / MIB;
                case "server" -> sum += settings.serve().cacheBytes() / MIB;
                default -> {}
            }
            if (!options.isEmpty()) {
                sum += mib(found("MaxMetaspaceSize=(\\S+)", options))
                        + mib(found("ReservedCodeCacheSize=(\\S+)", options));
            }
            long limit = Quantity.getAmountInBytes(
                                    each.container().getResources().getLimits().get("memory"))
                            .longValue()
                    / MIB;

            assertThat(limit).as(each + "").isBetween(sum, sum + sum / 10);
            assertThat(each.container().getResources().getRequests().get("memory"))
                    .as("memory that is not there cannot be promised: " + each)
                    .isEqualTo(each.container().getResources().getLimits().get("memory"));
        }
    }

    private void nobodyGetsMoreRightsThanItNeeds(Manifests manifests) throws Exception {
        long user = Long.parseLong(found("--uid (\\d+)", Files.readString(Path.of("Dockerfile"))));

        for (ManifestContainer each : manifests.containers()) {
            PodSecurityContext pod = each.pod().getSpec().getSecurityContext();
            SecurityContext own = each.container().getSecurityContext();
            assertThat(pod.getRunAsNonRoot()).as(each + "").isTrue();
            assertThat(pod.getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
            assertThat(own.getAllowPrivilegeEscalation()).as(each + "").isFalse();
            assertThat(own.getCapabilities().getDrop()).containsExactly("ALL");
            assertThat(each.pod().getSpec().getAutomountServiceAccountToken()).isFalse();
            assertThat(each.pod().getSpec().getEnableServiceLinks())
                    .as("variables that Kubernetes makes of services are read as settings: " + each)
                    .isFalse();
            if (each.isMillrace()) {
                assertThat(own.getReadOnlyRootFilesystem()).as(each + "").isTrue();
                assertThat(pod.getRunAsUser()).as(each + "").isEqualTo(user);
            }
        }
    }

    private void whatIsSelectedIsThere(Manifests manifests) throws Exception {
        for (Service service : manifests.all(Service.class)) {
            List<ManifestContainer> pods = selected(manifests, service.getSpec().getSelector());
            assertThat(pods).as(service.getMetadata().getName()).isNotEmpty();
            service.getSpec().getPorts().forEach(port -> assertThat(pods).anySatisfy(pod -> assertThat(ports(pod))
                    .containsEntry(port.getTargetPort().getStrVal(), port.getPort())));
        }
        for (StatefulSet set : manifests.all(StatefulSet.class)) {
            assertThat(manifests.all(Service.class))
                    .as(set.getSpec().getServiceName())
                    .anySatisfy(service -> {
                        assertThat(service.getMetadata().getName())
                                .isEqualTo(set.getSpec().getServiceName());
                        assertThat(service.getSpec().getClusterIP()).isEqualTo("None");
                    });
        }
        for (PodDisruptionBudget budget : manifests.all(PodDisruptionBudget.class)) {
            assertThat(selected(manifests, budget.getSpec().getSelector())).isNotEmpty();
        }
        for (ManifestContainer each : manifests.containers()) {
            for (TopologySpreadConstraint spread : each.pod().getSpec().getTopologySpreadConstraints()) {
                assertThat(selected(manifests, spread.getLabelSelector()))
                        .extracting(ManifestContainer::workload)
                        .containsOnly(each.workload());
            }
        }
        assertThat(manifests.all(PodDisruptionBudget.class)).hasSizeGreaterThan(1);
    }

    @Test
    void prometheusFindsEachPodByItsName() throws Exception {
        Manifests manifests = manifests(GUIDES_OWN);
        String known = found("up\\{job=~\"([^\"]+)\"", Files.readString(Path.of("config/prometheus/alerts.yml")));

        assertThat(manifests.all(PodMonitor.class)).hasSize(4);
        for (PodMonitor monitor : manifests.all(PodMonitor.class)) {
            PodMetricsEndpoint endpoint =
                    monitor.getSpec().getPodMetricsEndpoints().get(0);
            assertThat(endpoint.getRelabelings()).anySatisfy(relabelling -> {
                assertThat(relabelling.getTargetLabel()).isEqualTo("job");
                assertThat(relabelling.getReplacement()).matches(known);
            });
            assertThat(selected(manifests, monitor.getSpec().getSelector()))
                    .anySatisfy(pod -> assertThat(ports(pod)).containsKey(endpoint.getPort()));
            assertThat(endpoint.getPath()).isEqualTo("/metrics");
        }
    }

    @Test
    void aStoppedStandbyGivesUpItsName() throws Exception {
        Manifests manifests = manifests("overlays/standby");
        MillraceSettings trainer = settings(manifests.container("trainer"));

        assertThat(trainer.stream().standbyReplicas()).isPositive();
        assertThat(trainer.stream().instanceId()).isBlank(); // kept in the directory, which is kept too
        assertThat(manifests.all(StatefulSet.class).get(0).getSpec().getReplicas())
                .isGreaterThan(trainer.stream().standbyReplicas());
        assertThat(settings(manifests("base").container("trainer")).stream().instanceId())
                .isEqualTo("metadata.name");
    }

    @Test
    void podsAreTheUsersThatStrimziMakes() throws Exception {
        Manifests manifests = manifests(GUIDES_OWN);
        Set<String> users = manifests.all(KafkaUser.class).stream()
                .map(user -> user.getMetadata().getName())
                .collect(Collectors.toSet());

        assertThat(manifests.containers())
                .extracting(ManifestContainer::name)
                .containsExactlyInAnyOrder("trainer", "server", "ingest", "map");
        for (ManifestContainer each : manifests.containers()) {
            List<SecretKeySelector> secrets = each.container().getEnv().stream()
                    .filter(variable -> variable.getValueFrom() != null
                            && variable.getValueFrom().getSecretKeyRef() != null)
                    .map(variable -> variable.getValueFrom().getSecretKeyRef())
                    .toList();
            assertThat(secrets).hasSize(1);
            if (!each.name().equals("map")) { // whose topics are the reader's own
                assertThat(users).contains(secrets.get(0).getName());
            }
            assertThat(each.name().equals("ingest") ? "millrace-producer" : each.workload())
                    .isEqualTo(secrets.get(0).getName());
            assertThat(secrets.get(0).getKey()).isEqualTo("sasl.jaas.config");
        }
    }

    private static List<ManifestContainer> millrace(Manifests manifests) {
        List<ManifestContainer> containers = manifests.containers().stream()
                .filter(ManifestContainer::isMillrace)
                .toList();
        assertThat(containers).hasSizeGreaterThan(1);
        return containers;
    }

    private Manifests manifests(String variant) throws Exception {
        return Manifests.read(Manifests.rendered(variant.equals(GUIDES_OWN) ? guidesOwn() : SHIPPED.resolve(variant)));
    }

    /** What a reader of the guide makes, in a copy of what is shipped. */
    private Path guidesOwn() throws IOException {
        Path copy = directory.resolve("k8s");
        try (Stream<Path> shipped = Files.walk(SHIPPED)) {
            for (Path each : shipped.toList()) {
                Files.copy(each, copy.resolve(SHIPPED.relativize(each)));
            }
        }
        Path own = Files.createDirectory(copy.resolve(GUIDES_OWN));
        Files.writeString(
                own.resolve("kustomization.yaml"),
                found("(?s)```yaml\n(apiVersion: kustomize.*?)```", Files.readString(GUIDE)));
        Files.copy(Path.of("config/shop.properties"), own.resolve("millrace.properties"));
        return own;
    }

    /** The settings that the program reads in a container. */
    private MillraceSettings settings(ManifestContainer container) throws IOException {
        List<Path> files = new ArrayList<>();
        for (String file : container.option("--config")) {
            String content = container
                    .content(Path.of(file))
                    .orElseThrow(() -> new AssertionError(container + " does not see " + file));
            files.add(Files.writeString(Files.createTempFile(directory, "settings", ".properties"), content));
        }
        return MillraceSettings.load(files, Map.of(), container.environment(), Map.of());
    }

    /** All variables that the launcher or the program reads, but those of Kafka's clients. */
    private static Set<String> variables() throws IOException {
        Set<String> variables =
                new HashSet<>(Set.of("MILLRACE_LOG_FORMAT", "MILLRACE_LOG_LEVEL", "MILLRACE_LOG_LIMIT"));
        Matcher launcher =
                Pattern.compile("\\$\\{(MILLRACE_\\w+):-").matcher(Files.readString(Path.of("bin/millrace")));
        while (launcher.find()) {
            variables.add(launcher.group(1));
        }
        MillraceSettings.reference()
                .forEach(setting -> variables.add("MILLRACE_"
                        + setting.key()
                                .toUpperCase(Locale.ROOT)
                                .replace('.', '_')
                                .replace('-', '_')));
        return variables;
    }

    private static Map<String, Integer> ports(ManifestContainer container) {
        return container.container().getPorts().stream()
                .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));
    }

    private static List<HTTPGetAction> probes(ManifestContainer container) {
        return Stream.of(
                        container.container().getStartupProbe(),
                        container.container().getLivenessProbe(),
                        container.container().getReadinessProbe())
                .map(Probe::getHttpGet)
                .toList();
    }

    private static long startSeconds(ManifestContainer container) {
        Probe start = container.container().getStartupProbe();
        return (long) start.getPeriodSeconds() * start.getFailureThreshold();
    }

    private static List<ManifestContainer> selected(Manifests manifests, LabelSelector selector) {
        return selected(manifests, selector.getMatchLabels());
    }

    private static List<ManifestContainer> selected(Manifests manifests, Map<String, String> labels) {
        assertThat(labels).isNotEmpty();
        return manifests.containers().stream()
                .filter(each -> each.pod().getMetadata().getLabels().entrySet().containsAll(labels.entrySet()))
                .toList();
    }

    private static long mib(String amount) {
        long number = Long.parseLong(found("^(\\d+)[mg]$", amount));
        return amount.endsWith("g") ? number << 10 : number;
    }

    private static String found(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as(pattern + " in " + text).isTrue();
        return matcher.group(1);
    }
}
