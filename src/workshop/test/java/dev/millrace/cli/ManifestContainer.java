package dev.millrace.cli;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A container as it runs: its arguments, its environment, and the files that it sees.
 *
 * @param workload that starts it
 * @param claims volumes that the workload keeps
 */
record ManifestContainer(
        String workload, PodTemplateSpec pod, Container container, List<String> claims, Manifests manifests) {

    /** Where the image has the program (Dockerfile). */
    static final Path INSTALLED = Path.of("/opt/millrace");

    static List<ManifestContainer> of(String workload, PodTemplateSpec pod, List<String> claims, Manifests manifests) {
        return Stream.concat(pod.getSpec().getInitContainers().stream(), pod.getSpec().getContainers().stream())
                .map(container -> new ManifestContainer(workload, pod, container, claims, manifests))
                .toList();
    }

    String name() {
        return container.getName();
    }

    boolean isMillrace() {
        return container.getImage().matches("(.*/)?millrace(:.*)?");
    }

    /** What the process gets; in place of what only a cluster knows, the name of where it is. */
    Map<String, String> environment() {
        Map<String, String> environment = new TreeMap<>();
        for (EnvVar each : container.getEnv()) {
            environment.put(each.getName(), each.getValue() == null ? source(each.getValueFrom()) : each.getValue());
        }
        return environment;
    }

    private static String source(EnvVarSource from) {
        return from.getFieldRef() == null
                ? from.getSecretKeyRef().getName() + "/"
                        + from.getSecretKeyRef().getKey()
                : from.getFieldRef().getFieldPath();
    }

    /** Values of an option that may be repeated. */
    List<String> option(String name) {
        List<String> values = new ArrayList<>();
        for (int at = 0; at < container.getArgs().size() - 1; at++) {
            if (container.getArgs().get(at).equals(name)) {
                values.add(container.getArgs().get(at + 1));
            }
        }
        return values;
    }

    /** What is in a file that it sees; absent if there is none. What a Secret holds is not known, but that it is there. */
    Optional<String> content(Path file) throws IOException {
        if (file.startsWith(INSTALLED)) {
            Path shipped = INSTALLED.relativize(file);
            return Files.isRegularFile(shipped) ? Optional.of(Files.readString(shipped)) : Optional.empty();
        }
        Optional<VolumeMount> mount = mountOf(file);
        if (mount.isEmpty()) {
            return Optional.empty();
        }
        Volume volume = volume(mount.get());
        String key = Path.of(mount.get().getMountPath()).relativize(file).toString();
        if (volume.getConfigMap() != null) {
            return manifests.all(ConfigMap.class).stream()
                    .filter(map -> map.getMetadata()
                            .getName()
                            .equals(volume.getConfigMap().getName()))
                    .flatMap(map -> Stream.ofNullable(map.getData().get(key)))
                    .findFirst();
        }
        return volume.getSecret() == null
                ? Optional.empty()
                : volume.getSecret().getItems().stream()
                        .filter(item -> item.getPath().equals(key))
                        .map(KeyToPath::getKey)
                        .findFirst();
    }

    /** Whether the process may write there although the image may not be written to. */
    boolean isWritable(Path directory) {
        return mountOf(directory)
                .filter(mount -> !Boolean.TRUE.equals(mount.getReadOnly()))
                .map(mount -> claims.contains(mount.getName()) || volume(mount).getEmptyDir() != null)
                .orElse(false);
    }

    private Optional<VolumeMount> mountOf(Path file) {
        return container.getVolumeMounts().stream()
                .filter(mount -> file.startsWith(mount.getMountPath()))
                .max(Comparator.comparing(mount -> mount.getMountPath().length()));
    }

    private Volume volume(VolumeMount mount) {
        return pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getName().equals(mount.getName()))
                .findFirst()
                .orElseThrow(() -> new AssertionError(workload + " has no volume " + mount.getName()));
    }

    @Override
    public String toString() {
        return workload + "/" + name();
    }
}
