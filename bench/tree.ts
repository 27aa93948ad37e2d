export async function tree(): Promise<void> {
  await Promise.resolve();
}
