import vueI18n from "@intlify/eslint-plugin-vue-i18n";
import vue from "eslint-plugin-vue";
import typescript from "typescript-eslint";

export default typescript.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts", "src/components.d.ts", "public"] },
  ...typescript.configs.recommended,
  ...vue.configs["flat/recommended"],
  {
    files: ["**/*.vue"],
    languageOptions: { parserOptions: { parser: typescript.parser } },
    plugins: { "@intlify/vue-i18n": vueI18n },
    rules: {
      // Words stand in src/words/, never in a template.
      "@intlify/vue-i18n/no-raw-text": ["error", { ignorePattern: "^[\\s·:：,，.。()（）/+×#%?✓✕↑↓←→–—-]*$", ignoreNodes: ["kbd", "el-icon"] }],
    },
  },
  {
    rules: {
      // How a template is broken into lines is the author's.
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/multiline-html-element-content-newline": "off",
      "vue/html-self-closing": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/html-indent": "off",
      "vue/first-attribute-linebreak": "off",
      "vue/attributes-order": "off",
      "vue/multi-word-component-names": "off",
      "vue/no-reserved-component-names": "off",
      "vue/require-default-prop": "off",
      "vue/no-v-html": "error",
      "vue/no-static-inline-styles": "error",
      "max-len": "off",
    },
  },
);
