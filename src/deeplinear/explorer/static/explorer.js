// The element that NiceGUI mounts; everything else is plain JavaScript.

export default {
  template: `<main class="dl-explorer" tabindex="-1" aria-label="Pictures of the run"></main>`,
  async mounted() {
    const { Page } = await import("deeplinear-explorer");
    this.page = new Page(this.$el, (what, details) => this.$emit("act", { what, ...details }));
    this.early?.forEach((message) => this.page.receive(message));
    this.$emit("act", { what: "ready", beside: this.page.beside });
  },
  unmounted() {
    this.page?.remove();
  },
  methods: {
    receive(message) {
      if (this.page) this.page.receive(message);
      else (this.early ??= []).push(message);
    },
  },
};
