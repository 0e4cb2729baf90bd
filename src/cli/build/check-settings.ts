/** The build argument that says what the directive `# check=` of a Dockerfile can say; it goes before it. */
export const checkSettings = 'BUILDKIT_DOCKERFILE_CHECK';
